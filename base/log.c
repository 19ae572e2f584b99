/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log's outputs: a file or standard error, the journal, syslog.
 *
 * Settings change only under the write lock (start, SIGHUP, end); every line holds the read lock
 * while it is made and written. A line that cannot be written is lost: the log has nobody to
 * complain to, and work must go on.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/config.h"
#include "base/logline.h"
#include "base/time.h"

/* A longer event is cut: datagrams to the journal and writes to pipes have limits too. */
enum { LINE_MAX_BYTES = 64 * 1024, JOURNAL_MAX_BYTES = 80 * 1024, CLOSED = -1 };

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* How lines look before the configuration says so: oslo.log's defaults. */
#define PLAIN_STYLE                                                                                \
    {                                                                                              \
        .context_format = "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s "            \
                          "[%(global_request_id)s %(request_id)s %(user_identity)s] %(message)s",  \
        .plain_format = "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [-] "          \
                        "%(message)s",                                                             \
        .debug_suffix = "%(funcName)s %(pathname)s:%(lineno)d",                                    \
        .user_format = "%(user)s %(project)s %(domain)s %(system_scope)s %(user_domain)s "         \
                       "%(project_domain)s",                                                       \
        .date_format = "%Y-%m-%d %H:%M:%S",                                                        \
    }

/* All guarded by `lock`, but for the level, which is looked at for every call of ci_debug(). */
static struct {
    struct ci_arena *mem; /* of the texts below; NULL before the first opening */
    struct ci_log_style style;
    const char *program;
    int file;    /* log file, or CLOSED */
    int journal; /* socket, or CLOSED */
    bool syslog, standard_error;
} settings = {.style = PLAIN_STYLE,
              .program = "castiron",
              .file = CLOSED,
              .journal = CLOSED,
              .standard_error = true};

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static atomic_int lowest_level = CI_LOG_INFO;

static int priority_of(enum ci_log_level level)
{
    static const int priorities[] = {LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERR};

    return priorities[level];
}

static void write_to(int fd, const struct ci_text *line)
{
    ssize_t n;

    do
        n = write(fd, line->bytes, line->length);
    while (n < 0 && errno == EINTR);
}

/* One datagram of NAME=value lines; no value has a line break. */
static void write_journal(const struct ci_text *line, const struct ci_log_record *record)
{
    struct ci_text datagram;

    ci_text_init(&datagram, JOURNAL_MAX_BYTES);
    ci_text_add(&datagram, "MESSAGE=");
    ci_text_addn(&datagram, line->bytes, line->length);
    ci_text_printf(&datagram,
                   "\nPRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nCODE_FILE=%s\nCODE_LINE=%d\nCODE_FUNC=%s\n"
                   "LOGGER_NAME=%s\nLOGGER_LEVEL=%s\n",
                   priority_of(record->level), settings.program, record->place->file,
                   record->place->line, record->place->function, record->logger,
                   ci_log_level_name(record->level));
    if (record->ctx && record->ctx->request_id) {
        ci_text_add(&datagram, "REQUEST_ID=");
        ci_log_clean(&datagram, record->ctx->request_id);
        ci_text_add(&datagram, "\n");
    }
    if (!datagram.overflow)
        (void)send(settings.journal, datagram.bytes, datagram.length, MSG_NOSIGNAL | MSG_DONTWAIT);
    ci_text_done(&datagram);
}

/* With the read lock held. */
static void write_record(const struct ci_log_record *record)
{
    struct ci_text line;

    ci_text_init(&line, LINE_MAX_BYTES + 1);
    ci_log_line(&line, record, &settings.style);
    if (settings.journal != CLOSED)
        write_journal(&line, record);
    if (settings.syslog)
        syslog(priority_of(record->level), "%s", line.bytes);
    ci_text_addn(&line, "\n", 1);
    if (settings.file != CLOSED)
        write_to(settings.file, &line);
    if (settings.standard_error)
        write_to(STDERR_FILENO, &line);
    ci_text_done(&line);
}

bool ci_log_enabled(enum ci_log_level level)
{
    return (int)level >= atomic_load_explicit(&lowest_level, memory_order_relaxed);
}

void ci_log(const struct ci_ctx *ctx, enum ci_log_level level, const struct ci_log_place *place,
            const char *event, const char *format, ...)
{
    struct ci_arena *mem = ci_arena_new();
    struct ci_text *message = ci_text_new(mem, LINE_MAX_BYTES / 2);
    struct ci_log_record record = {
        .ctx = ctx, .level = level, .place = place, .time_us = ci_time_now_us()};
    const char *values;
    int saved = errno;
    va_list args;

    va_start(args, format);
    values = ci_vprintf(mem, format, args) + 1;
    va_end(args);
    ci_log_clean(message, event);
    ci_text_add(message, *event && *values ? ": " : "");
    ci_log_clean(message, values);
    record.message = message->bytes;
    record.logger = ci_log_logger(mem, place->file);
    pthread_rwlock_rdlock(&lock);
    write_record(&record);
    pthread_rwlock_unlock(&lock);
    ci_arena_free(mem);
    errno = saved;
}

/* log_file below log_dir, or log_dir/PROGRAM.log; NULL when neither is set. */
static const char *log_path(struct ci_arena *mem, const struct ci_config *config,
                            const char *program)
{
    const char *file = config->DEFAULT.log_file, *dir = config->DEFAULT.log_dir;

    if (!file && !dir)
        return NULL;
    if (!dir || (file && *file == '/'))
        return file;
    return file ? ci_printf(mem, "%s/%s", dir, file) : ci_printf(mem, "%s/%s.log", dir, program);
}

static int connect_journal(void)
{
    struct sockaddr_un journal = {.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (struct sockaddr *)&journal, sizeof journal) != 0) {
        close(fd);
        fd = CLOSED;
    }
    return fd;
}

/* With the write lock held. */
static void close_outputs(void)
{
    if (settings.file != CLOSED)
        close(settings.file);
    if (settings.journal != CLOSED)
        close(settings.journal);
    if (settings.syslog)
        closelog();
    ci_arena_free(settings.mem);
    settings.mem = NULL;
    settings.style = (struct ci_log_style)PLAIN_STYLE;
    settings.program = "castiron";
    settings.file = CLOSED;
    settings.journal = CLOSED;
    settings.syslog = false;
    settings.standard_error = true;
}

static const char *kept(const char *text)
{
    return text ? ci_strdup(settings.mem, text) : "";
}

/* With the write lock held. */
static void set_up(const struct ci_config *config, const char *program, int file)
{
    bool json = config->DEFAULT.use_json;

    close_outputs();
    settings.mem = ci_arena_new();
    settings.program = kept(program);
    settings.style = (struct ci_log_style){
        .context_format = kept(config->DEFAULT.logging_context_format_string),
        .plain_format = kept(config->DEFAULT.logging_default_format_string),
        .debug_suffix = kept(config->DEFAULT.logging_debug_format_suffix),
        .user_format = kept(config->DEFAULT.logging_user_identity_format),
        .date_format = kept(config->DEFAULT.log_date_format),
        .json = json,
    };
    settings.journal = config->DEFAULT.use_journal ? connect_journal() : CLOSED;
    settings.syslog = config->DEFAULT.use_syslog;
    if (settings.syslog)
        openlog(settings.program, LOG_PID, LOG_USER);
    settings.file = file;
    settings.standard_error =
        config->DEFAULT.use_stderr || (file == CLOSED && settings.journal == CLOSED);
    atomic_store(&lowest_level, config->DEFAULT.debug ? CI_LOG_DEBUG : CI_LOG_INFO);
}

bool ci_log_open(struct ci_ctx *ctx, const struct ci_config *config, const char *program)
{
    const char *path = log_path(ctx->mem, config, program);
    int file = CLOSED;

    if (path) {
        file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
        if (file < 0)
            return ci_fail_text(ctx, ConfigInvalid, "The log file %s cannot be opened: %s.", path,
                                strerror(errno));
    }
    pthread_rwlock_wrlock(&lock);
    set_up(config, program, file);
    pthread_rwlock_unlock(&lock);
    return true;
}

void ci_log_close(void)
{
    pthread_rwlock_wrlock(&lock);
    close_outputs();
    atomic_store(&lowest_level, CI_LOG_INFO);
    pthread_rwlock_unlock(&lock);
}
