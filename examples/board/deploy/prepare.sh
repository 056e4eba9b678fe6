#!/bin/sh
# prepare.sh NAMESPACE IMAGE: what stands in a project before anything is delivered to it. REGISTRY_USERNAME and REGISTRY_PASSWORD pull.
set -eu
here=$(dirname "$0")
kubectl -n "$1" apply --server-side -f "$here/access.yaml"
kubectl -n "$1" apply --server-side -f - <<END
apiVersion: v1
kind: Secret
metadata: { name: registry }
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: '{"auths": {"${2%%/*}": {"username": "$REGISTRY_USERNAME", "password": "$REGISTRY_PASSWORD"}}}'
END
# The API server takes no workload without an image. This one need not be there yet: the pods wait, and the first delivery sets its own.
kubectl set image --local -o yaml -f "$here/board.yaml" "httpd=$2" | kubectl -n "$1" apply --server-side -f -
