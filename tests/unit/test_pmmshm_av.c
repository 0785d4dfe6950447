// SPDX-License-Identifier: GPL-2.0-only
/*
 * FFmpeg's frames in blocks, on this machine's shared memory.
 */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <pmmshm-av.h>

static struct pmmshm *pmm;
static struct pmmshm_av_pool *pool;

static void setup(void)
{
	setenv("PMMSHM_BACKEND", "shm", 1);
	pmm = pmmshm_open(NULL);
	ck_assert_msg(pmm, "%s", pmmshm_error());
	pool = pmmshm_av_pool_create(pmm, NULL);
	ck_assert_ptr_nonnull(pool);
}

static void teardown(void)
{
	pmmshm_av_pool_free(pool);
	pmmshm_close(pmm);
}

/* With its memory; NULL without. */
static AVFrame *try_frame(int format, int width, int height)
{
	AVFrame *frame = av_frame_alloc();

	frame->format = format;
	frame->width = width;
	frame->height = height;
	if (pmmshm_av_pool_get(pool, NULL, frame))
		av_frame_free(&frame);
	return frame;
}

static AVFrame *new_frame(int format, int width, int height)
{
	AVFrame *frame = try_frame(format, width, height);

	ck_assert_msg(frame, "%s", pmmshm_error());
	return frame;
}

/* Each plane is inside of the block, is aligned, and does not touch the next. */
static void check_planes(const AVFrame *frame, const int *lines, int planes)
{
	struct pmmshm_block *block = pmmshm_av_pool_block(pool, frame);
	const uint8_t *start, *end;
	int i;

	ck_assert_ptr_nonnull(block);
	end = pmmshm_block_data(block);
	for (i = 0; i < planes; i++) {
		start = frame->data[i];
		ck_assert(start >= end && (uintptr_t)start % 64 == 0);
		ck_assert_int_eq(frame->linesize[i] % 64, 0);
		end = start + (ptrdiff_t)frame->linesize[i] * lines[i];
		memset(frame->data[i], i + 1, end - start);
	}
	ck_assert_ptr_null(frame->data[planes]);
	ck_assert(end <= (uint8_t *)pmmshm_block_data(block) + pmmshm_block_size(block));
}

START_TEST(planes_are_in_one_block)
{
	AVFrame *yuv = new_frame(AV_PIX_FMT_YUV420P, 333, 77);
	AVFrame *rgb = new_frame(AV_PIX_FMT_BGR0, 333, 77);

	ck_assert_int_ge(yuv->linesize[0], 333);
	ck_assert_int_ge(rgb->linesize[0], 1332);
	check_planes(yuv, (const int[]){ 77, 39, 39 }, 3);
	check_planes(rgb, (const int[]){ 77 }, 1);
	ck_assert_int_eq(yuv->data[2][0], 3);
	av_frame_free(&yuv);
	av_frame_free(&rgb);
}
END_TEST

START_TEST(frames_are_used_again)
{
	AVFrame *a = new_frame(AV_PIX_FMT_GRAY8, 640, 480);
	AVFrame *b = new_frame(AV_PIX_FMT_GRAY8, 640, 480), *ref;
	struct pmmshm_block *first = pmmshm_av_pool_block(pool, a);
	size_t bytes = 0;

	ck_assert_ptr_ne(first, pmmshm_av_pool_block(pool, b));
	ck_assert_uint_eq(pmmshm_av_pool_usage(pool, &bytes), 2);
	ck_assert_uint_eq(bytes, 2 * pmmshm_block_size(first));
	/* Not before the last reference is gone. */
	ref = av_frame_clone(a);
	av_frame_free(&a);
	a = new_frame(AV_PIX_FMT_GRAY8, 640, 480);
	ck_assert_ptr_ne(pmmshm_av_pool_block(pool, a), first);
	av_frame_free(&ref);
	av_frame_free(&b);
	ck_assert_uint_eq(pmmshm_av_pool_usage(pool, NULL), 3);
	b = new_frame(AV_PIX_FMT_GRAY8, 640, 480);
	ck_assert_uint_eq(pmmshm_av_pool_usage(pool, NULL), 3);
	av_frame_free(&b);
	av_frame_free(&a);
}
END_TEST

START_TEST(another_size_takes_other_blocks)
{
	AVFrame *old = new_frame(AV_PIX_FMT_GRAY8, 640, 480), *new;

	av_frame_free(&old);
	old = new_frame(AV_PIX_FMT_GRAY8, 640, 480);
	ck_assert_uint_eq(pmmshm_av_pool_usage(pool, NULL), 1);
	new = new_frame(AV_PIX_FMT_GRAY8, 320, 480);
	ck_assert(pmmshm_av_pool_owns(pool, old));
	memset(old->data[0], 1, 640UL * 480);
	av_frame_free(&old);
	ck_assert_uint_eq(pmmshm_av_pool_usage(pool, NULL), 1);
	av_frame_free(&new);
}
END_TEST

START_TEST(frames_outlive_their_pool)
{
	AVFrame *frame = new_frame(AV_PIX_FMT_GRAY8, 640, 480);

	av_frame_free(&(AVFrame *){ new_frame(AV_PIX_FMT_GRAY8, 640, 480) });
	pmmshm_av_pool_free(pool);
	pool = NULL;
	memset(frame->data[0], 1, 640UL * 480);
	av_frame_free(&frame);
}
END_TEST

START_TEST(others_frames_are_told_apart)
{
	AVFrame *frame = av_frame_alloc();

	ck_assert(!pmmshm_av_pool_owns(pool, frame));
	frame->format = AV_PIX_FMT_GRAY8;
	frame->width = 64;
	frame->height = 64;
	ck_assert_int_eq(av_frame_get_buffer(frame, 0), 0);
	ck_assert(!pmmshm_av_pool_owns(pool, frame));
	ck_assert_ptr_null(pmmshm_av_pool_block(pool, frame));
	av_frame_free(&frame);
}
END_TEST

START_TEST(ordinary_memory_is_no_block)
{
	AVFrame *frame;

	pmmshm_av_pool_free(pool);
	pool = pmmshm_av_pool_create(NULL, NULL);
	frame = new_frame(AV_PIX_FMT_GRAY8, 640, 480);
	ck_assert(pmmshm_av_pool_owns(pool, frame));
	ck_assert_ptr_null(pmmshm_av_pool_block(pool, frame));
	av_frame_free(&frame);
}
END_TEST

static void *try_in_thread(void *arg)
{
	(void)arg;
	return try_frame(AV_PIX_FMT_GRAY8, 640, 480);
}

/* Decoders ask in threads of their own. */
static void fail_in_thread(void)
{
	pthread_t thread;
	void *frame;

	pthread_create(&thread, NULL, try_in_thread, NULL);
	pthread_join(thread, &frame);
	ck_assert_ptr_null(frame);
}

START_TEST(failures_say_why)
{
	struct pmmshm_alloc_opts opts = { .size = sizeof(opts), .type = "nix" };
	AVFrame *frame;

	pmmshm_av_pool_free(pool);
	pool = pmmshm_av_pool_create(pmm, &opts);
	ck_assert_str_eq(pmmshm_av_pool_error(pool), "");
	fail_in_thread();
	ck_assert_ptr_nonnull(strstr(pmmshm_av_pool_error(pool), "of type 'nix': no such type"));
	ck_assert_ptr_null(try_frame(AV_PIX_FMT_NONE, 640, 480));
	ck_assert_uint_eq(pmmshm_av_pool_usage(pool, NULL), 0);
	/* And it goes on when it can. */
	opts.type = NULL;
	pmmshm_av_pool_free(pool);
	pool = pmmshm_av_pool_create(pmm, &opts);
	frame = new_frame(AV_PIX_FMT_GRAY8, 640, 480);
	av_frame_free(&frame);
}
END_TEST

/* Programs are built with headers older and newer than ours. */
START_TEST(options_may_have_another_size)
{
	struct { struct pmmshm_alloc_opts opts; char tail[24]; } new = {
		.opts.size = sizeof(new),
	};
	const size_t old = offsetof(struct pmmshm_alloc_opts, caps);
	const size_t page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct pmmshm_alloc_opts *opts = (void *)(map + page - old);

	/* Nothing can be read behind the old ones. */
	ck_assert_ptr_ne(map, MAP_FAILED);
	ck_assert_int_eq(mprotect(map + page, page, PROT_NONE), 0);
	opts->size = old;
	pmmshm_av_pool_free(pool);
	pool = pmmshm_av_pool_create(pmm, opts);
	munmap(map, 2 * page);
	av_frame_free(&(AVFrame *){ new_frame(AV_PIX_FMT_GRAY8, 640, 480) });
	pmmshm_av_pool_free(pool);
	pool = pmmshm_av_pool_create(pmm, &new.opts);
	av_frame_free(&(AVFrame *){ new_frame(AV_PIX_FMT_GRAY8, 640, 480) });
	new.tail[23] = 1;
	errno = 0;
	ck_assert_ptr_null(pmmshm_av_pool_create(pmm, &new.opts));
	ck_assert_int_eq(errno, EINVAL);
	new.opts.size = old - 1;
	ck_assert_ptr_null(pmmshm_av_pool_create(pmm, &new.opts));
	new.opts.size = 4097;
	ck_assert_ptr_null(pmmshm_av_pool_create(pmm, &new.opts));
}
END_TEST

/* Two sizes in turn, so that layouts change under the others' hands. */
static void *get_often(void *arg)
{
	int width = arg ? 640 : 320, i;
	AVFrame *frame;

	for (i = 0; i < 500; i++) {
		frame = try_frame(AV_PIX_FMT_GRAY8, width, 48);
		if (!frame)
			return "no frame";
		memset(frame->data[0], width / 320, (size_t)width * 48);
		if (frame->linesize[0] != width || !pmmshm_av_pool_owns(pool, frame))
			return "not what was asked for";
		if (frame->data[0][0] != width / 320)
			return "somebody else has it, too";
		av_frame_free(&frame);
	}
	return NULL;
}

START_TEST(threads_may_share_it)
{
	pthread_t threads[4];
	void *why;
	intptr_t i;

	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, get_often, (void *)(i % 2));
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], &why);
		ck_assert_msg(!why, "%s", (char *)why);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pmmshm: FFmpeg's frames");
	TCase *tcase = tcase_create("frames");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, planes_are_in_one_block);
	tcase_add_test(tcase, frames_are_used_again);
	tcase_add_test(tcase, another_size_takes_other_blocks);
	tcase_add_test(tcase, frames_outlive_their_pool);
	tcase_add_test(tcase, others_frames_are_told_apart);
	tcase_add_test(tcase, ordinary_memory_is_no_block);
	tcase_add_test(tcase, failures_say_why);
	tcase_add_test(tcase, options_may_have_another_size);
	tcase_add_test(tcase, threads_may_share_it);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
