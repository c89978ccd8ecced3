/* SPDX-License-Identifier: Apache-2.0
 *
 * Nothing waits: a client's descriptor is read or written when poll() has said so.
 */
#include "clients/portd/slirp_server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/fds.h"
#include "common/base/util.h"

void slirp_server_init(struct slirp_server *server, struct ports *ports, int listen_fd)
{
	server->ports = ports;
	server->listen_fd = listen_fd;
	for (size_t i = 0; i < SLIRP_CLIENTS_MAX; i++)
		server->client[i] = (struct slirp_client){ .fd = -1 };
}

/* Return: its index; SLIRP_CLIENTS_MAX if there is none */
static size_t free_place(const struct slirp_server *server)
{
	size_t i = 0;

	while (i < SLIRP_CLIENTS_MAX && server->client[i].fd >= 0)
		i++;
	return i;
}

unsigned int slirp_server_fds(const struct slirp_server *server, struct pollfd *ret_fds)
{
	unsigned int count = 0;

	if (server->listen_fd >= 0 && free_place(server) < SLIRP_CLIENTS_MAX)
		ret_fds[count++] = (struct pollfd){ .fd = server->listen_fd, .events = POLLIN };
	for (size_t i = 0; i < SLIRP_CLIENTS_MAX; i++) {
		const struct slirp_client *client = &server->client[i];

		if (client->fd >= 0)
			ret_fds[count++] = (struct pollfd){
				.fd = client->fd,
				.events = client->answer ? POLLOUT : POLLIN,
			};
	}
	return count;
}

int slirp_server_timeout(const struct slirp_server *server, uint64_t now_ns)
{
	uint64_t first_ns = UINT64_MAX;

	for (size_t i = 0; i < SLIRP_CLIENTS_MAX; i++)
		if (server->client[i].fd >= 0)
			first_ns = MIN(first_ns, server->client[i].until_ns);
	if (first_ns == UINT64_MAX)
		return -1;
	return first_ns <= now_ns ? 0 : (int)((first_ns - now_ns) / NS_PER_MS) + 1;
}

static void end_client(struct slirp_client *client)
{
	free(client->answer);
	client->answer = NULL;
	fds_close(&client->fd);
}

static void send_answer(struct slirp_client *client)
{
	ssize_t n = send(client->fd, client->answer + client->sent,
			 client->answer_len - client->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	client->sent += n < 0 ? 0 : (size_t)n;
	if (n < 0 || client->sent == client->answer_len)
		end_client(client);
}

static void read_request(struct slirp_server *server, struct slirp_client *client)
{
	ssize_t n = recv(client->fd, client->request + client->len,
			 sizeof(client->request) - client->len, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	client->len += n < 0 ? 0 : (size_t)n;
	if (n > 0 && client->len < sizeof(client->request))
		return;
	if (n >= 0)
		client->answer = slirp_answer(server->ports, client->request, client->len,
					      &client->answer_len);
	if (client->answer)
		send_answer(client);
	else
		end_client(client);
}

static void accept_client(struct slirp_server *server, uint64_t now_ns)
{
	size_t place = free_place(server);
	int fd = -1;

	if (place < SLIRP_CLIENTS_MAX)
		fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	server->client[place] = (struct slirp_client){
		.fd = fd,
		.until_ns = now_ns + SLIRP_PATIENCE_S * NS_PER_S,
	};
}

static void run_client(struct slirp_server *server, int fd)
{
	for (size_t i = 0; i < SLIRP_CLIENTS_MAX; i++) {
		struct slirp_client *client = &server->client[i];

		if (client->fd != fd)
			continue;
		if (client->answer)
			send_answer(client);
		else
			read_request(server, client);
		return;
	}
}

void slirp_server_run(struct slirp_server *server, const struct pollfd *fds, unsigned int count,
		      uint64_t now_ns)
{
	bool more = false;

	for (unsigned int i = 0; i < count; i++) {
		if (!fds[i].revents)
			continue;
		if (fds[i].fd == server->listen_fd)
			more = true; /* last: it may get a number that is free by then */
		else
			run_client(server, fds[i].fd);
	}
	for (size_t i = 0; i < SLIRP_CLIENTS_MAX; i++)
		if (server->client[i].fd >= 0 && server->client[i].until_ns <= now_ns)
			end_client(&server->client[i]);
	if (more)
		accept_client(server, now_ns);
}

bool slirp_server_is_answering(const struct slirp_server *server)
{
	for (size_t i = 0; i < SLIRP_CLIENTS_MAX; i++)
		if (server->client[i].fd >= 0 && server->client[i].answer)
			return true;
	return false;
}

void slirp_server_refuse_more(struct slirp_server *server)
{
	fds_close(&server->listen_fd);
}

void slirp_server_finish(struct slirp_server *server)
{
	slirp_server_refuse_more(server);
	for (size_t i = 0; i < SLIRP_CLIENTS_MAX; i++)
		end_client(&server->client[i]);
}
