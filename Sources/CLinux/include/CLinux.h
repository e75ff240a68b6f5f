// Linux calls that Swift's Glibc module does not import. GNU-only functions are wrapped
// in clinux.c: the importer builds <sys/socket.h> without _GNU_SOURCE.
#pragma once
#include <stdint.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <sys/signalfd.h>

/// Accepts one connection, non-blocking, close-on-exec. -1 and errno on failure.
int linux_accept(int listener);
/// Writes the peer's address without port (IPv4-mapped as IPv4). 0, or -1 and errno.
int linux_peer_address(int descriptor, char *text, int capacity);
/// A bound, listening, non-blocking TCP socket; `address` is an IPv4 or IPv6 literal.
/// -1 and errno on failure (EINVAL: not a literal).
int linux_listen(const char *address, uint16_t port, int backlog, int shared_port);
/// The port a socket is bound to, or -1.
int linux_bound_port(int descriptor);
/// epoll_ctl with the token as data.
int linux_epoll_control(
    int epoll, int operation, int descriptor, uint32_t events, uint64_t token);
/// Asks that the calling thread computes so long at a time and, for that, gets the processor sooner
/// from others when it wakes (Linux 6.12; older kernels ignore it). 0, or -1 and errno.
int linux_ask_short_slices(uint64_t nanoseconds);
/// Names the calling thread (at most 15 bytes).
int linux_name_thread(const char *name);
#include "process.h"
