/** A day of the calendar: days since 1970-01-01. */
export type Day = number;

const msPerDay = 86_400_000;

/** Whether the text is a day that the calendar has, `YYYY-MM-DD`. */
export function isRealDay(text: string): boolean {
  return parseDay(text) !== undefined;
}

/** Reads `YYYY-MM-DD`; undefined when the calendar has no such day. */
export function parseDay(text: string): Day | undefined {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  if (year === undefined) return undefined;
  const number = dayOf(Number(year), Number(month), Number(day));
  return formatDay(number) === text ? number : undefined;
}

/** `YYYY-MM-DD`. */
export function formatDay(day: Day): string {
  return new Date(day * msPerDay).toISOString().slice(0, 10);
}

/** Whether it is a zone of the IANA time zone database; an offset such as `+01:00` is none. */
export function isTimeZone(text: string): boolean {
  if (!/^[A-Za-z]/.test(text)) return false;
  try {
    return formatterOf(text).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** The day that it is in a time zone at an instant. A day there may have 23, 24 or 25 hours. */
export function dayIn(instant: Date, timeZone: string): Day {
  const parts = new Map(
    formatterOf(timeZone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, value]),
  );
  const [year, month, day] = (['year', 'month', 'day'] as const).map((type) => Number(parts.get(type)));
  // The year 1 before Christ is 0, the one before it -1.
  const isBefore = parts.get('era')?.startsWith('B') === true;
  return dayOf(isBefore ? 1 - (year ?? 0) : (year ?? 0), month ?? 0, day ?? 0);
}

/** Monday to Friday, and no holiday. */
export function isWorkingDay(day: Day, holidays: ReadonlySet<Day>): boolean {
  // 1970-01-01 was a Thursday.
  const weekday = (((day + 4) % 7) + 7) % 7;
  return weekday >= 1 && weekday <= 5 && !holidays.has(day);
}

/** The first of the last `count` working days, `today` being the last of them if it is one; the day after today when `count` is 0. */
export function firstWorkingDay(today: Day, count: number, holidays: ReadonlySet<Day>): Day {
  let first = today + 1;
  for (let found = 0; found < count;) {
    first -= 1;
    if (isWorkingDay(first, holidays)) found += 1;
  }
  return first;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making one takes as long as using it a thousand times. Throws RangeError for a zone that is not known. */
function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const numeric = { year: 'numeric', month: 'numeric', day: 'numeric', era: 'short' } as const;
  const made = new Intl.DateTimeFormat('en-US', { ...numeric, calendar: 'gregory', numberingSystem: 'latn', timeZone });
  formatters.set(timeZone, made);
  return made;
}

function dayOf(year: number, month: number, day: number): Day {
  // Date.UTC takes a year below 100 for one of the twentieth century.
  return Math.floor(new Date(0).setUTCFullYear(year, month - 1, day) / msPerDay);
}
