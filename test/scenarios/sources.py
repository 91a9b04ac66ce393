"""Whose word it was: each node speaks to PBXes and receivers from an address of its own, 127.2.0.N for node nN."""

from harness import Failed, shim

SHIM = r"""
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

typedef int connector(int, const struct sockaddr*, socklen_t);

/* What has no address yet gets ours. */
int connect(int socket, const struct sockaddr* to, socklen_t length) {
  connector* real = (connector*)dlsym(RTLD_NEXT, "connect");
  const char* ours = getenv("RINGDOWN_TEST_SOURCE");
  const char* spared = getenv("RINGDOWN_TEST_SPARED_PORT");
  const struct sockaddr_in* target = (const struct sockaddr_in*)to;
  if (ours != NULL && to->sa_family == AF_INET && (spared == NULL || ntohs(target->sin_port) != atoi(spared))) {
    struct sockaddr_in has;
    socklen_t size = sizeof has;
    if (getsockname(socket, (struct sockaddr*)&has, &size) == 0 && has.sin_port == 0) {
      const int on = 1;
      memset(&has, 0, sizeof has);
      has.sin_family = AF_INET;
      inet_pton(AF_INET, ours, &has.sin_addr);
      setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
      if (bind(socket, (struct sockaddr*)&has, sizeof has) != 0) return -1;
    }
  }
  return real(socket, to, length);
}
"""

GONE = "0.0.0.0:0"  # the journal's word for a sender that was killed before its connection was looked at


def build(folder):
    """The library's path."""
    return shim(folder, "source_address", SHIM)


def address_of(node):
    return f"127.2.0.{int(node[1:])}"


def environment(library, node, spared_port=0):
    return {"LD_PRELOAD": library, "RINGDOWN_TEST_SOURCE": address_of(node), "RINGDOWN_TEST_SPARED_PORT": str(spared_port)}


def node_of(source):
    """The node's name, from the journal's "127.0.0.1:41234"."""
    address = source.rsplit(":", 1)[0]
    if not address.startswith("127.2.0."):
        raise Failed(f"something came from {source}, which is no node's address")
    return "n" + address.rsplit(".", 1)[1]
