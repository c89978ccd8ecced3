/* SPDX-License-Identifier: Apache-2.0
 *
 * Dumps by sock_diag(7) over netlink, for UDP one a family. In the states that can hold unsent
 * data, idiag_wqueue counts bytes written but not acknowledged, a FIN included. libnl's parser for
 * these messages is a library of its own; two fields don't warrant it.
 *
 * A dump walks tables that all namespaces share, however little is to be found. Where /proc/net
 * says that there is no socket of that kind, which costs a fraction of it, it is left out.
 */
#include "netns/beside/diag.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/base/util.h"

#define DIAG_BUFFER_BYTES 16384
/* A socket that does not answer (there's none) must not hold us for ever */
#define DIAG_TIMEOUT_US 200000
/* More than /proc/net/sockstat has, some 200 bytes */
#define DIAG_COUNTS_BYTES 1024

struct diag_request {
	struct nlmsghdr header;
	struct inet_diag_req_v2 request;
};

int diag_open(struct diag *ret_diag, struct err *err)
{
	struct timeval timeout = { .tv_usec = DIAG_TIMEOUT_US };
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (fd < 0)
		return err_set(err, -errno,
			       "cannot open a sock_diag socket: %s (does the kernel "
			       "have CONFIG_INET_DIAG?)",
			       strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	*ret_diag = (struct diag){
		.fd = fd,
		.counts_fd = open("/proc/thread-self/net/sockstat", O_RDONLY | O_CLOEXEC),
		.counts6_fd = open("/proc/thread-self/net/sockstat6", O_RDONLY | O_CLOEXEC),
	};
	return 0;
}

typedef void (*message_fn)(void *arg, const struct inet_diag_msg *msg, size_t len);

/* Return: 0 to go on, 1 if the dump ends in here, -errno if it does with an error */
static int walk(const uint8_t *data, size_t len, message_fn fn, void *arg)
{
	while (len >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *header = (const void *)data;
		const struct inet_diag_msg *msg = NLMSG_DATA(header);
		size_t step = NLMSG_ALIGN(header->nlmsg_len);

		if (header->nlmsg_len < sizeof(*header) || header->nlmsg_len > len)
			return -EBADMSG;
		if (header->nlmsg_type == NLMSG_DONE)
			return 1;
		if (header->nlmsg_type == NLMSG_ERROR)
			return -EOPNOTSUPP;
		if (header->nlmsg_len >= NLMSG_LENGTH(sizeof(*msg)))
			fn(arg, msg, header->nlmsg_len - NLMSG_HDRLEN);
		data += step;
		len -= MIN(step, len);
	}
	return 0;
}

/* To the end of the dump, whatever is found: the next one must not meet this one's rest
 * @request:	starts with its struct nlmsghdr
 */
static int dump(int fd, const void *request, size_t request_len, message_fn fn, void *arg)
{
	__attribute__((aligned(NLMSG_ALIGNTO))) uint8_t buf[DIAG_BUFFER_BYTES];
	int rc = 0;

	if (send(fd, request, request_len, 0) < 0)
		return -errno;
	while (!rc) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		if (n <= 0)
			return n ? -errno : -EPIPE;
		rc = walk(buf, (size_t)n, fn, arg);
	}
	return MIN(rc, 0);
}

static int dump_family(int fd, int family, int protocol, uint32_t states, message_fn fn, void *arg)
{
	const struct diag_request request = {
		.header = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.request = {
			.sdiag_family = (uint8_t)family,
			.sdiag_protocol = (uint8_t)protocol,
			.idiag_states = states,
		},
	};

	return dump(fd, &request, sizeof(request), fn, arg);
}

/* The older request, which has both families in one dump */
static int dump_tcp(int fd, uint32_t states, message_fn fn, void *arg)
{
	const struct {
		struct nlmsghdr header;
		struct inet_diag_req request;
	} request = {
		.header = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = TCPDIAG_GETSOCK,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.request = { .idiag_family = AF_INET, .idiag_states = states },
	};

	return dump(fd, &request, sizeof(request), fn, arg);
}

static void note_unsent(void *arg, const struct inet_diag_msg *msg, size_t len)
{
	(void)len;
	if (msg->idiag_wqueue)
		*(bool *)arg = true;
}

bool diag_unsent(const struct diag *diag)
{
	const uint32_t states = 1U << TCP_ESTABLISHED | 1U << TCP_FIN_WAIT1 | 1U << TCP_CLOSE_WAIT |
				1U << TCP_LAST_ACK | 1U << TCP_CLOSING;
	bool unsent = false;

	dump_tcp(diag->fd, states, note_unsent, &unsent);
	return unsent;
}

struct listing {
	socket_listener_fn fn;
	void *arg;
};

static bool is_ip6_only(const struct inet_diag_msg *msg, size_t len)
{
	const uint8_t *data = (const uint8_t *)msg + NLMSG_ALIGN(sizeof(*msg));

	len -= MIN(len, NLMSG_ALIGN(sizeof(*msg)));
	while (len >= sizeof(struct nlattr)) {
		const struct nlattr *attr = (const void *)data;
		size_t step = NLMSG_ALIGN(attr->nla_len);

		if (attr->nla_len < sizeof(*attr) || attr->nla_len > len)
			break;
		if (attr->nla_type == INET_DIAG_SKV6ONLY && attr->nla_len > sizeof(*attr))
			return data[sizeof(*attr)];
		data += step;
		len -= MIN(step, len);
	}
	return false;
}

static void note_listener(void *arg, const struct inet_diag_msg *msg, size_t len)
{
	const struct listing *listing = arg;
	struct socket_listener listener = { .port = ntohs(msg->id.idiag_sport) };

	if (!listener.port)
		return;
	if (msg->idiag_family == AF_INET) {
		listener.addr = addr_from_be32(msg->id.idiag_src[0]);
	} else {
		memcpy(&listener.addr, msg->id.idiag_src, sizeof(listener.addr));
		listener.ip6_only = is_ip6_only(msg, len);
	}
	listing->fn(listing->arg, &listener);
}

/* Whether a file of counts says "LABEL 0". Sockets count from listen(2), connect(2) or, UDP, from
 * bind(2) on
 */
static bool has_none(int fd, const char *label)
{
	char text[DIAG_COUNTS_BYTES];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	const char *at;

	if (n < 0)
		return false; /* that is not known */
	text[n] = '\0';
	at = strstr(text, label);
	return at && !strncmp(at + strlen(label), " 0", 2);
}

/* UDP sockets that are not connected are in the state that TCP calls closed */
static int dump_udp(int fd, int family, struct listing *listing)
{
	return dump_family(fd, family, IPPROTO_UDP, 1U << TCP_CLOSE, note_listener, listing);
}

int diag_listeners(const struct diag *diag, int type, socket_listener_fn fn, void *arg)
{
	struct listing listing = { fn, arg };
	int rc = 0, rc6 = 0;

	if (type == SOCK_STREAM) {
		if (!has_none(diag->counts_fd, "TCP: inuse") ||
		    !has_none(diag->counts6_fd, "TCP6: inuse"))
			rc = dump_tcp(diag->fd, 1U << TCP_LISTEN, note_listener, &listing);
		return rc;
	}
	if (!has_none(diag->counts_fd, "UDP: inuse"))
		rc = dump_udp(diag->fd, AF_INET, &listing);
	if (!has_none(diag->counts6_fd, "UDP6: inuse"))
		rc6 = dump_udp(diag->fd, AF_INET6, &listing);
	return rc ? rc : rc6;
}
