// SPDX-License-Identifier: MIT
// Pass a block to another process as an fd, for reading only.
// prints: the other process reads: hello
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <pmmshm.h>

union control { struct cmsghdr head; char room[CMSG_SPACE(sizeof(int))]; };

static void fd_send(int socket, int fd)
{
	union control control = { .head = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec byte = { "", 1 };
	struct msghdr message = { .msg_iov = &byte, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	sendmsg(socket, &message, 0);
}

static int fd_receive(int socket)
{
	union control control;
	char text[1];
	struct iovec byte = { text, 1 };
	struct msghdr message = { .msg_iov = &byte, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control) };
	int fd = -1;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1)
		memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	return fd;
}

int main(void)
{
	struct pmmshm_alloc_opts opts = { .size = sizeof(opts), .flags = PMMSHM_NO_SEGMENT };
	struct pmmshm *pmm = pmmshm_open(NULL);
	struct pmmshm_block *block = pmmshm_block_alloc(pmm, 4096, &opts);
	int sockets[2];

	if (!block || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		return fprintf(stderr, "%s\n", pmmshm_error()), 1;
	memcpy(pmmshm_block_data(block), "hello", 6);
	if (!fork()) {
		block = pmmshm_block_import_fd(pmm, fd_receive(sockets[1]), O_RDONLY);
		printf("the other process reads: %s\n", (char *)pmmshm_block_data(block));
		return 0;
	}
	fd_send(sockets[0], pmmshm_block_home_fd(block, O_RDONLY));
	wait(NULL);
	pmmshm_block_free(block);
	pmmshm_close(pmm);
	return 0;
}
