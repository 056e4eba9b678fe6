import type { YAMLError } from 'yaml';

const sentences: Partial<Record<YAMLError['code'], string>> = {
  TAB_AS_INDENT: 'a tab is used to indent; YAML indents by spaces',
  MULTIPLE_DOCS: 'a second document begins here; the file holds exactly one: remove the line ---',
  MULTILINE_IMPLICIT_KEY: 'a key goes over several lines; is there no space after a colon, or no colon?',
  BLOCK_AS_IMPLICIT_KEY:
    'a second "key: value" stands on one line; begin a new line, or put the value in quotes if it holds ": "',
  NON_STRING_KEY: 'a list or mapping is used as a key; if a text beginning with { or [ is meant, put it in quotes',
  RESOURCE_EXHAUSTION: 'is nested too deep to be read',
  TAG_RESOLVE_FAILED: 'a tag (!) is used; this file has none: remove it',
};

/** What is wrong with the YAML, by the parser's code; its own words for the rest. */
export function describeSyntaxError(error: YAMLError): string {
  return sentences[error.code] ?? `${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`;
}

export function isAboutDepth(error: YAMLError): boolean {
  return error.code === 'RESOURCE_EXHAUSTION';
}
