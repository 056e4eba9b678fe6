#!/bin/sh
# kubeconfig.sh NAMESPACE ACCOUNT: prints a kubeconfig of a service account for 90 days, or as long as the cluster allows.
set -eu
server=$(kubectl config view --minify -o jsonpath='{.clusters[0].cluster.server}')
ca=$(kubectl config view --minify --flatten --raw -o jsonpath='{.clusters[0].cluster.certificate-authority-data}')
token=$(kubectl -n "$1" create token "$2" --duration=2160h)
cat <<END
apiVersion: v1
kind: Config
current-context: board
contexts: [{ name: board, context: { cluster: board, user: board, namespace: $1 } }]
clusters: [{ name: board, cluster: { server: '$server', certificate-authority-data: '$ca' } }]
users: [{ name: board, user: { token: '$token' } }]
END
