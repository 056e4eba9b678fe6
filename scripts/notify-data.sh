#!/bin/sh
# Tells a repository on GitHub that a data directory is complete, so that it builds and launches the loader for it.
# docs/detect-data.md says what happens then. POSIX sh and curl, nothing else.
usage='usage: notify-data.sh OWNER/REPO DATA_DIR [--force] [--wait]

  DATA_DIR   the directory that was uploaded, such as /fragalysis/django_data/2026-09-15T16
  --force    load it although the loader has it already
  --wait     wait for the end, and exit with 1 when it failed

  GITHUB_TOKEN or GITHUB_TOKEN_FILE (a file that holds it)   the token, which may write the contents of the repository and,
                                                             to wait, read its commit statuses
  GITHUB_API_URL     default https://api.github.com
  WAIT_SECONDS       how long READY and TARGET_LIST may take to come, default 600
  RUN_WAIT_SECONDS   how long the run may take, default 10800

Prints the id of the call, which the title of the run holds. Exit codes: 0, 1 when it failed, 2 when it was called wrongly.'

set -u
# Not in a trace of the shell, nor in the environment of what it starts.
set +x
token=${GITHUB_TOKEN:-}
unset GITHUB_TOKEN

say() { printf '%s\n' "notify-data: $*" >&2; }
fail() { say "$*"; exit 1; }
wrong() { say "$*"; printf '%s\n' "$usage" >&2; exit 2; }

repository='' directory='' force=false wait=false
for argument do
  case $argument in
    --force) force=true ;;
    --wait) wait=true ;;
    --help | -h) printf '%s\n' "$usage"; exit 0 ;;
    -*) wrong "unknown option $argument" ;;
    *)
      if [ -z "$repository" ]; then repository=$argument
      elif [ -z "$directory" ]; then directory=$argument
      else wrong "one argument too many: $argument"
      fi ;;
  esac
done
[ -n "$directory" ] || wrong 'give the repository and the directory'
case $repository in
  */*/* | *[!A-Za-z0-9._/-]* | /* | */ | */. | */..) wrong "$repository is not OWNER/REPO" ;;
  */*) ;;
  *) wrong "$repository is not OWNER/REPO" ;;
esac

while [ "$directory" != "${directory%/}" ]; do directory=${directory%/}; done
name=${directory##*/}
case $name in
  [0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]) ;;
  *) wrong "$name is not the name of a data directory, such as 2026-09-15T16" ;;
esac

seconds() { # NAME VALUE
  case $2 in '' | *[!0-9]* | ???????*) wrong "$1 is $2: give a number of seconds" ;; esac
}
upload_seconds=${WAIT_SECONDS:-600}
run_seconds=${RUN_WAIT_SECONDS:-10800}
seconds WAIT_SECONDS "$upload_seconds"
seconds RUN_WAIT_SECONDS "$run_seconds"

api=${GITHUB_API_URL:-https://api.github.com}
api=${api%/}
case $api in
  *[!A-Za-z0-9.:/_-]*) wrong 'GITHUB_API_URL is no address' ;;
  https://* | http://127.0.0.1:* | http://localhost:*) ;;
  *) wrong 'GITHUB_API_URL has to begin with https://, for the token is sent there' ;;
esac

if [ -z "$token" ]; then
  [ -n "${GITHUB_TOKEN_FILE:-}" ] || wrong 'GITHUB_TOKEN and GITHUB_TOKEN_FILE are not set'
  [ -r "$GITHUB_TOKEN_FILE" ] || fail "the token file $GITHUB_TOKEN_FILE cannot be read"
  token=$(cat "$GITHUB_TOKEN_FILE")
fi
# It becomes a line of curl's configuration: nothing may end that line.
case $token in '' | *[!A-Za-z0-9._~+/=-]*) fail 'the token is empty or holds characters that no token has' ;; esac

# By the clock: what is done between two sleeps takes time too. expr, for to the shell 0600 is another number.
in_seconds() { expr "$(date +%s)" + "$1"; }
is_over() { [ "$(date +%s)" -ge "$deadline" ]; }

is_complete() {
  [ -f "$directory/READY" ] && [ -f "$directory/TARGET_LIST" ] && [ -s "$directory/TARGET_LIST" ]
}

# READY alone proves nothing: uploaders have written it before TARGET_LIST.
await_upload() {
  [ -d "$directory" ] && [ ! -L "$directory" ] || fail "$directory is no directory"
  deadline=$(in_seconds "$upload_seconds")
  is_complete || say "waiting for READY and TARGET_LIST of $directory"
  until is_complete; do
    ! is_over ||
      fail "$directory has no READY and TARGET_LIST with something in it, $upload_seconds s after the first look"
    sleep 5
  done
}

command -v curl > /dev/null || fail 'curl is not installed'
work=$(mktemp -d) || fail 'no temporary directory can be made'
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# METHOD PATH [BODY]: one request; sets $code, the body is in $work/answer. -q: no configuration of the user's. The token goes by standard input.
request() {
  set -- "$1" "$2" ${3+--header 'Content-Type: application/json' --data-binary "$3"}
  method=$1 path=$2
  shift 2
  code=$(
    curl -q --config - --silent --connect-timeout 15 --max-time 60 --max-filesize 5000000 --request "$method" \
      --header 'Accept: application/vnd.github+json' --header 'X-GitHub-Api-Version: 2022-11-28' "$@" \
      --output "$work/answer" --write-out '%{http_code}' "$api$path" <<CONFIGURATION
header = "Authorization: Bearer $token"
CONFIGURATION
  ) || code=000
  case $code in [1-5][0-9][0-9]) ;; *) code=000 ;; esac
}

# The same, tried up to five times while it may pass: no connection, 429, 5xx. Never again after another answer.
request_patiently() {
  pause=2
  for try in 1 2 3 4 5; do
    request "$@"
    case $code in 000 | 429 | 5??) ;; *) return 0 ;; esac
    [ "$try" -lt 5 ] || return 0
    say "GitHub answered $(meaning), trying again in $pause s"
    sleep "$pause"
    pause=$((pause * 2))
  done
}

meaning() { if [ "$code" = 000 ]; then echo 'nothing'; else echo "$code"; fi; }

# GitHub's own sentence, without what could steer a terminal.
reason() {
  tr -d '\n' < "$work/answer" 2>/dev/null | sed -n 's/.*"message": *"\([^"]*\)".*/: \1/p' | tr -cd '[:print:]' | cut -c 1-200
}

# The commit that the default branch names now: what a call is for, and where its answer will stand.
head_commit() {
  request_patiently GET "/repos/$repository/commits/HEAD/status"
  [ "$code" = 200 ] || fail "cannot read the commit statuses of $repository: GitHub answered $(meaning)$(reason)"
  # Inside of texts quotes are escaped, so this is the commit's own field.
  tr -d '\n' < "$work/answer" | sed -n 's/.*"sha": *"\([0-9a-f]\{40\}\)".*/\1/p' | grep . ||
    fail "the answer about $repository names no commit"
}

# Of $1, a commit: sets $state to the state of the call's answer, empty while there is none, and $page to the address of its run.
read_answer() {
  state='' page=''
  request GET "/repos/$repository/commits/$1/statuses?per_page=100"
  case $code in
    200) ;;
    000 | 429 | 5??) return 0 ;;
    *) fail "cannot read the commit statuses of $repository: GitHub answered $(meaning)$(reason)" ;;
  esac
  # One line for each status, the newest first. What they describe, which may hold brackets, and whose they are goes before.
  tr -d '\n' < "$work/answer" |
    sed -E -e 's/"description": *"([^"\\]|\\.)*"/"description":""/g' -e 's/"creator": *\{[^{}]*\}/"creator":""/g' |
    tr '{' '\n' | grep "\"context\": *\"data-uploaded/$id\"" > "$work/status" || return 0
  state=$(sed -n 's/.*"state": *"\([a-z]*\)".*/\1/p' "$work/status" | head -n 1)
  page=$(sed -n 's/.*"target_url": *"\([^"]*\)".*/\1/p' "$work/status" | head -n 1 | tr -cd '[:print:]')
}

await_run() {
  deadline=$(in_seconds "$run_seconds") told=''
  while :; do
    for commit in $commits; do
      read_answer "$commit"
      [ -z "$state" ] || break
    done
    if [ -n "$page" ] && [ "$page" != "$told" ]; then printf '%s\n' "$page"; told=$page; fi
    case $state in
      success) return 0 ;;
      failure | error) fail "the call ended with $state" ;;
    esac
    ! is_over || fail "no end of the call was seen within $run_seconds s; look for $id in the runs of $repository"
    sleep 10
  done
}

await_upload
random=$(od -An -N 4 -t x1 /dev/urandom | tr -d ' \n')
id=$name-$(date -u +%Y%m%dT%H%M%SZ)-${random:-$$}
commits=''
if [ "$wait" = true ]; then commits=$(head_commit) || exit 1; fi

payload="{\"data-origin\":\"$name\",\"request-id\":\"$id\",\"force\":$force}"
request_patiently POST "/repos/$repository/dispatches" "{\"event_type\":\"data-uploaded\",\"client_payload\":$payload}"
[ "$code" = 204 ] || fail "$repository did not take the call: GitHub answered $(meaning)$(reason)"
printf '%s\n' "$id"
[ "$wait" = true ] || exit 0

# Somebody may have pushed meanwhile: the call is for the one commit or the other.
after=$(head_commit) || exit 1
[ "$after" = "$commits" ] || commits="$commits $after"
await_run
