#!/bin/bash
# PID 1 of the ground's own network, mount and process namespaces: prepares them, then reaps orphans until it is killed.
# usage: inside.sh RUN_DIR NODE_IP CGROUP
set -eu
run=$1 node_ip=$2 cgroup=$3

mount --make-rshared /                        # mounts of volumes must reach the containers
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/containerd /run/lock
for dir in log lib/cni; do
  mkdir -p "$run/var/$dir" "/var/$dir"
  mount --bind "$run/var/$dir" "/var/$dir"
done

ip link set lo up
ip link add node0 type veth peer name node0p
ip link set node0p up
ip address add "$node_ip/24" dev node0
ip link set node0 up
ip route add default dev node0                # a service's address needs some route before it is translated
echo 1 > /proc/sys/net/ipv4/ip_forward

# One cgroup above all pods and builds: in each hierarchy of cgroups v1, or in the one of v2.
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  for c in cpu cpuset memory pids; do
    grep -qw "$c" /sys/fs/cgroup/cgroup.controllers && echo "+$c" > /sys/fs/cgroup/cgroup.subtree_control
  done
  mkdir -p "/sys/fs/cgroup/$cgroup"
else
  for c in /sys/fs/cgroup/*/; do [ -e "$c/cgroup.procs" ] && mkdir -p "$c$cgroup"; done
  cat /sys/fs/cgroup/cpuset/cpuset.cpus > "/sys/fs/cgroup/cpuset/$cgroup/cpuset.cpus"
  cat /sys/fs/cgroup/cpuset/cpuset.mems > "/sys/fs/cgroup/cpuset/$cgroup/cpuset.mems"
fi

touch /run/ground-ready
while :; do sleep 1; done
