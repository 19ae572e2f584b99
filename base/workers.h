/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A bounded pool of threads with a bounded queue, and its draining.
 *
 * Threads are started when there is work for them, up to the pool's size, and end again after
 * `idle_s` without any. All functions may be called from any thread.
 */
struct ci_workers;

struct ci_workers_options {
    const char *name;   /* of the threads, at most 15 bytes */
    int threads;        /* at most this many at once; at least 1 */
    int reserved;       /* of them, those that ordinary jobs are not given; less than `threads` */
    int queue_limit;    /* jobs that may wait for a thread; 0: a job is refused when all are busy */
    int idle_s;         /* a thread without work ends after this long; 0: 30 */
    size_t stack_bytes; /* of each thread; 0: 256 KiB */
};

/* One piece of work. The context it needs is its own: see `arg`. */
typedef void ci_job(void *arg);

/* A pool without any thread yet. It ends with ci_workers_free(). */
struct ci_workers *ci_workers_new(const struct ci_workers_options *options);

/*
 * Hands a job to the pool, which runs job(arg) once. False when the queue is full, no thread
 * could be started or the pool is draining: then nothing runs and `arg` is still the caller's.
 */
__attribute__((warn_unused_result)) bool ci_workers_submit(struct ci_workers *pool, ci_job *job,
                                                           void *arg);

/* The same for a job that must leave the reserved threads alone. */
__attribute__((warn_unused_result)) bool ci_workers_submit_ordinary(struct ci_workers *pool,
                                                                    ci_job *job, void *arg);

/* Jobs that are running, jobs that wait, and threads that exist. */
int ci_workers_busy(struct ci_workers *pool);
int ci_workers_waiting(struct ci_workers *pool);
int ci_workers_threads(struct ci_workers *pool);

/* Jobs that the pool has refused so far. */
uint64_t ci_workers_refused(struct ci_workers *pool);

/*
 * Takes no more jobs and waits until those taken have ended (queued ones are still run), for
 * at most limit_ms. False when some are left at that time; it may be called again.
 */
bool ci_workers_drain(struct ci_workers *pool, int limit_ms);

/*
 * Drains without limit and frees the pool; accepts NULL. After a drain that gave false, a
 * process that must not wait any longer exits without calling this.
 */
void ci_workers_free(struct ci_workers *pool);
