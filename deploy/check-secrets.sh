#!/bin/sh
# Says which Secrets of a project, or which of their keys, are missing in the cluster. It prints no value.
#   deploy/check-secrets.sh PROJECT [option of kubectl]...      deploy/check-secrets.sh production --context=diamond
# NAMESPACE=... asks another namespace than the project's own, for an overlay with names of its own.
# Exit code 0: all there; 1: something is missing; 2: the cluster could not be asked, or the project is none.
set -u

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 2
project=${1:-}
case $project in '' | *[!a-z0-9-]*) project=none ;; esac
list=$here/projects/$project/secrets.txt
if [ ! -f "$list" ]; then
  echo "usage: $0 PROJECT [option of kubectl]..., where deploy/projects/PROJECT/secrets.txt is there" >&2
  exit 2
fi
shift
namespace=${NAMESPACE:-$(sed -n 's/^namespace: *//p' "$here/projects/$project/kustomization.yaml")}

# Names of the keys only. A key without a value is as good as none.
keys_of() {
  kubectl "$@" -n "$namespace" get secret "$name" --ignore-not-found \
    -o go-template='exists{{range $key, $value := .data}}{{if $value}} {{$key}}{{end}}{{end}}'
}

missing=0
while read -r secret keys <&3; do
  case $secret in '' | \#*) continue ;; esac
  name=${secret%\?}
  found=$(keys_of "$@") || exit 2
  # "?" at the end of a name: it may be missing.
  case $secret:$found in
    *\?:) echo "not there, and need not be: $namespace/$name" && continue ;;
    *:) echo "missing: $namespace/$name, with the keys $keys" && missing=1 && continue ;;
  esac
  for key in $keys; do
    case $key in *\?) continue ;; esac
    case " $found " in *" $key "*) ;; *) echo "missing: $namespace/$name, key $key" && missing=1 ;; esac
  done
done 3<"$list"

[ "$missing" = 0 ] && echo "$namespace has all Secrets that it needs"
exit "$missing"
