package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// forwardMain listens here and dials inside another process's network
// namespace, so that the host's loopback reaches a cluster with no uplink.
//
//	kube forward PID 127.0.0.1:16443=127.0.0.1:6443 ...
func forwardMain(args []string) {
	ns := must(os.Open("/proc/" + args[0] + "/ns/net"))
	dials := make(chan func())
	for range 4 {
		go func() {
			runtime.LockOSThread()
			check(unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET))
			for f := range dials {
				f()
			}
		}()
	}
	done := make(chan error)
	for _, arg := range args[1:] {
		here, there, _ := strings.Cut(arg, "=")
		l := must(net.Listen("tcp", here))
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					done <- err
					return
				}
				dials <- func() {
					s, err := net.DialTimeout("tcp", there, 3*time.Second)
					if err != nil {
						c.Close()
						return
					}
					go pipe(c.(*net.TCPConn), s.(*net.TCPConn))
					go pipe(s.(*net.TCPConn), c.(*net.TCPConn))
				}
			}
		}()
	}
	fmt.Println("forwarding")
	panic(<-done)
}

func pipe(dst, src *net.TCPConn) {
	_, _ = io.Copy(dst, src)
	_ = dst.CloseWrite()
	_ = src.CloseRead()
}
