/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <pthread.h>

#include "rpc/amqp.h"

/*
 * What the files of a connection share. For them only.
 *
 * The link, rpc/amqp.c: one session with one broker, on one channel, over librabbitmq. Belongs
 * to the connection's thread. After a call has given false, `state` says how much is left: of a
 * channel that the broker has closed everything is gone but the link; ci_amqp_link_channel()
 * opens another. `why` has the reason.
 */
enum ci_amqp_link_state { CI_AMQP_LINK_UP, CI_AMQP_LINK_NO_CHANNEL, CI_AMQP_LINK_LOST };

struct ci_amqp_link {
    enum ci_amqp_link_state state;
    bool readable;      /* there may be something on the socket; set by who waits for it */
    bool login_refused; /* user, password or virtual host: trying again soon is of no use */
    char why[256];

    struct amqp_connection_state_t_ *lib;
    int channel; /* another number for each, so that frames of the last one are told apart */
    const struct ci_amqp_options *options;
    struct ci_arena *mem;         /* texts of the event at hand */
    struct ci_text *body;         /* of the message being read */
    struct ci_amqp_event *coming; /* the message being read, NULL for none */
    bool has_header;              /* of it */
    uint64_t left, total;         /* bytes of its body to come, and of all of it */
};

/* What the broker says. Texts live until the next ci_amqp_link_read(). */
struct ci_amqp_event {
    enum ci_amqp_event_kind {
        CI_AMQP_MESSAGE,   /* message, consumer; body NULL: too long, to be rejected */
        CI_AMQP_RETURNED,  /* message.exchange, .routing_key, .length, hash */
        CI_AMQP_CONFIRM,   /* tag, multiple, taken */
        CI_AMQP_CANCELLED, /* consumer */
        CI_AMQP_BLOCK,     /* reason */
        CI_AMQP_UNBLOCK,
    } kind;
    struct ci_amqp_message message;
    const char *consumer, *reason;
    uint64_t tag, hash;
    bool multiple, taken;
};

/* Connects to one host; then logs in and opens the channel. On failure `link` is lost, with why. */
ci_must_check bool ci_amqp_link_connect(struct ci_amqp_link *link,
                                        const struct ci_amqp_options *options,
                                        const struct ci_amqp_host *host);
ci_must_check bool ci_amqp_link_log_in(struct ci_amqp_link *link, const struct ci_amqp_host *host,
                                       const char *name);
/* `politely`: with a word to the broker, which may take seconds. */
void ci_amqp_link_close(struct ci_amqp_link *link, bool politely);
int ci_amqp_link_fd(const struct ci_amqp_link *link);
int ci_amqp_link_heartbeat_s(const struct ci_amqp_link *link);

/* Another channel on the link, with confirms and prefetch set. */
ci_must_check bool ci_amqp_link_channel(struct ci_amqp_link *link);
ci_must_check bool ci_amqp_link_declare(struct ci_amqp_link *link,
                                        const struct ci_amqp_queue *queue);
ci_must_check bool ci_amqp_link_consume(struct ci_amqp_link *link, const char *queue,
                                        const char *consumer);
ci_must_check bool ci_amqp_link_cancel(struct ci_amqp_link *link, const char *consumer);
ci_must_check bool ci_amqp_link_delete(struct ci_amqp_link *link, const char *queue);
ci_must_check bool ci_amqp_link_publish(struct ci_amqp_link *link,
                                        const struct ci_amqp_publish *publish);
enum ci_amqp_settlement { CI_AMQP_ACK, CI_AMQP_REQUEUE, CI_AMQP_REJECT };
ci_must_check bool ci_amqp_link_settle(struct ci_amqp_link *link, uint64_t tag,
                                       enum ci_amqp_settlement how);

/*
 * The next event that is here already, and heartbeats in passing. False when there is none, or
 * the state is no longer UP. The socket is looked at when `readable` is set, which is cleared: a
 * look at a socket that has nothing costs two system calls.
 */
ci_must_check bool ci_amqp_link_read(struct ci_amqp_link *link, struct ci_amqp_event *ret_event);

/* Is there something to read that poll() does not see? */
bool ci_amqp_link_pending(const struct ci_amqp_link *link);

/* A message's fingerprint: a returned one is told from others by it. */
uint64_t ci_amqp_hash(uint64_t hash, const char *bytes, size_t n);
#define CI_AMQP_HASH_START UINT64_C(0xcbf29ce484222325)

/* A publish whose caller waits; lives on the caller's stack. */
struct ci_amqp_job {
    struct ci_amqp_job *next, **at; /* in `queued` or `sent` */
    uint64_t id;
    uint64_t tag; /* once sent */
    const struct ci_amqp_publish *publish;
    bool done;
    enum ci_amqp_result result;
    pthread_cond_t changed;
};

struct ci_amqp_jobs {
    struct ci_amqp_job *first, **last;
    int n;
};

/* An acknowledgement whose caller waits; lives on the caller's stack. */
struct ci_amqp_settling {
    struct ci_amqp_settling *next;
    struct ci_amqp_delivery delivery;
    enum ci_amqp_settlement how;
    bool done, written;
    pthread_cond_t changed;
};

struct ci_amqp_consumer {
    struct ci_amqp_queue queue;
    ci_amqp_on_message *on_message;
    void *arg;
    char tag[8];
    bool up;              /* the broker knows it */
    bool was_up;          /* once */
    int failures;         /* in a row, of declaring */
    int64_t try_ns;       /* not before */
    int64_t cancelled_ns; /* when the broker did so last */
};

struct ci_amqp {
    struct ci_amqp_options options;
    const char *name;
    int wake; /* eventfd: there is something to do */
    pthread_t thread;

    pthread_mutex_t lock; /* guards what follows, and `mem` */
    pthread_cond_t changed;
    struct ci_arena *mem;
    bool asleep; /* the thread waits, and is to be woken */
    bool closing, cancelling, cancelled, ended;
    int64_t close_ns; /* when closing: until when things may be finished */
    int callers;      /* within a function of amqp_calls.c that waits */
    int fd;           /* another descriptor of the link's socket, -1 while there is none */
    bool connected, blocked;
    int64_t writing_ns; /* since when a message is being written, 0 for none */
    uint64_t epoch;     /* one for each channel */
    uint64_t connections;
    uint64_t last_id;
    struct ci_amqp_jobs queued, sent;
    struct ci_amqp_settling *settlings, **last_settling;
    struct ci_amqp_consumer consumers[CI_AMQP_CONSUMERS];
    size_t n_consumers;
    char trouble[256];

    /* The thread's own. */
    struct ci_amqp_link link;
    struct ci_arena *work;    /* the message being sent */
    uint64_t sent_tag;        /* the channel's last */
    struct ci_text *declared; /* "name\n" of what the channel has declared */
    size_t host;              /* the next to try */
    int attempts; /* rounds over all hosts that ended in the same way, without success */
    bool refused; /* in the last of them, by all hosts */
    int64_t up_since_ns;
    int64_t read_ns;  /* when the link was looked at last */
    int64_t told_ns;  /* when trouble was logged last */
    bool needs_quiet; /* cancelled on the wire; what had come is being handed on */
};

/* The thread, and its part that reads: true when there may be more. */
void *ci_amqp_run(void *arg);
bool ci_amqp_read_events(struct ci_amqp *amqp);

/* The caller holds the lock. */
void ci_amqp_wake(struct ci_amqp *amqp);
void ci_amqp_jobs_add(struct ci_amqp_jobs *jobs, struct ci_amqp_job *job);
void ci_amqp_jobs_remove(struct ci_amqp_jobs *jobs, struct ci_amqp_job *job);
void ci_amqp_job_end(struct ci_amqp_jobs *jobs, struct ci_amqp_job *job,
                     enum ci_amqp_result result);
void ci_amqp_settling_end(struct ci_amqp_settling *settling, bool written);
