/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of options and what their kinds mean, as oslo.config's types have it: 1, yes, on and
 * true are true in any case; a list is split at commas; blanks around a number do not matter.
 */
#include "base/options.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "base/url.h"

/* A list in text may grow so long; more is refused as no list. */
enum { LIST_MAX = 4096, NUMBER_MAX = 40, HOST_MAX = 253, LABEL_MAX = 63, TEXT_MAX = 1 << 20 };

/* What the columns of options.def say in C. */
enum { FIXED = false, MUTABLE = true };

static const char *host_name(struct ci_arena *mem)
{
    char name[HOST_MAX + 1] = "";

    if (gethostname(name, sizeof name - 1) != 0 || !*name)
        return "localhost";
    return ci_strdup(mem, name);
}

/* The address that traffic to the world would come from; none is sent. */
static const char *own_address(struct ci_arena *mem)
{
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(80)}, here = {0};
    socklen_t n = sizeof here;
    char text[INET_ADDRSTRLEN] = "127.0.0.1";
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return "127.0.0.1";
    there.sin_addr.s_addr = htonl(0xc0000200); /* 192.0.2.0, of RFC 5737 */
    if (connect(fd, (struct sockaddr *)&there, sizeof there) == 0 &&
        getsockname(fd, (struct sockaddr *)&here, &n) == 0)
        (void)inet_ntop(AF_INET, &here.sin_addr, text, sizeof text);
    close(fd);
    return ci_strdup(mem, text);
}

static const char *temporary_directory(struct ci_arena *mem)
{
    const char *from = getenv("TMPDIR");

    return from && *from ? ci_strdup(mem, from) : "/tmp";
}

#define ANY .min = INT64_MIN + 1, .max = INT64_MAX
#define RANGE(lowest, highest) .min = (lowest), .max = (highest)
#define MIN(lowest) .min = (lowest), .max = INT64_MAX
#define MAX(highest) .min = INT64_MIN + 1, .max = (highest)
#define CHOICES(...)                                                                               \
    .choices = (const char *const[])                                                               \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define CHOICES_ANY_CASE(...) CHOICES(__VA_ARGS__), .any_case = true
#define FOUND(function) .found = function

static const struct ci_option options[] = {
#define SECTION(section)
#define SECTION_END(section)
#define DEPRECATED(old_section, old_name, section, name)
#define OPTION(in, called, type, default_text, bounds, changes, means)                             \
    {.section = #in,                                                                               \
     .name = #called,                                                                              \
     .kind = CI_KIND_##type,                                                                       \
     .fallback = default_text,                                                                     \
     bounds,                                                                                       \
     .is_mutable = changes,                                                                        \
     .meaning = means,                                                                             \
     .offset = offsetof(struct ci_config, in.called)},
#include "base/options.def"
#undef OPTION
#undef DEPRECATED
};

static const struct ci_option_alias aliases[] = {
#define OPTION(in, called, type, default_text, bounds, changes, means)
#define DEPRECATED(old, old_called, in, called) {#old, old_called, #in, #called},
#include "base/options.def"
#undef DEPRECATED
#undef OPTION
#undef SECTION_END
#undef SECTION
};

/* The option's member, by kind. */
static void *member(const struct ci_option *option, struct ci_config *config)
{
    return (char *)config + option->offset;
}

static const void *member_of(const struct ci_option *option, const struct ci_config *config)
{
    return (const char *)config + option->offset;
}

static bool is_number(const struct ci_option *option)
{
    return option->kind == CI_KIND_INT || option->kind == CI_KIND_SECONDS ||
           option->kind == CI_KIND_OCTAL;
}

static bool is_list(const struct ci_option *option)
{
    return option->kind == CI_KIND_LIST || option->kind == CI_KIND_MULTI ||
           option->kind == CI_KIND_DICT;
}

/* A copy of [begin, end) without the blanks around it. */
static const char *trimmed(struct ci_arena *mem, const char *begin, const char *end)
{
    while (begin < end && isspace((unsigned char)*begin))
        begin++;
    while (end > begin && isspace((unsigned char)end[-1]))
        end--;
    return ci_strndup(mem, begin, (size_t)(end - begin));
}

/* As Python's int(): blanks around, a sign, underscores between digits. */
static bool set_number(const struct ci_option *option, int64_t *value, struct ci_arena *mem,
                       const char *text)
{
    char digits[NUMBER_MAX + 1];
    size_t n = 0;
    const char *t = trimmed(mem, text, text + strlen(text));
    bool octal = option->kind == CI_KIND_OCTAL;
    char *end;
    long long number;

    for (const char *c = t; *c; c++) {
        if (*c == '_' && c > t && isdigit((unsigned char)c[-1]) && isdigit((unsigned char)c[1]))
            continue;
        if ((!isdigit((unsigned char)*c) && (c != t || !strchr("+-", *c))) || n == NUMBER_MAX)
            return false;
        digits[n++] = *c;
    }
    digits[n] = '\0';
    errno = 0;
    number = strtoll(digits, &end, octal ? 8 : 10);
    if (n == 0 || *end || errno || !isdigit((unsigned char)digits[n - 1]))
        return false;
    if (number < option->min || number > option->max)
        return false;
    *value = number;
    return true;
}

static bool set_float(const struct ci_option *option, double *value, struct ci_arena *mem,
                      const char *text)
{
    const char *t = trimmed(mem, text, text + strlen(text));
    char *end;
    double number;

    if (!isdigit((unsigned char)t[strspn(t, "+-.")]) || strchr(t, 'x') || strchr(t, 'X'))
        return false;
    number = strtod(t, &end);
    if (end == t || *end || !isfinite(number))
        return false;
    if (number < (double)option->min || number > (double)option->max)
        return false;
    *value = number;
    return true;
}

static bool set_bool(bool *value, const char *text)
{
    static const char *const yes[] = {"true", "1", "on", "yes"};
    static const char *const no[] = {"false", "0", "off", "no"};

    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
            *value = strcasecmp(text, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

static bool set_choice(const struct ci_option *option, const char **value, const char *text)
{
    for (const char *const *choice = option->choices; *choice; choice++) {
        if (strcmp(text, *choice) == 0 || (option->any_case && strcasecmp(text, *choice) == 0)) {
            *value = *choice;
            return true;
        }
    }
    return false;
}

/* The parts between commas; those at the end that are empty do not count. */
static bool set_list(const char *const **value, struct ci_arena *mem, const char *text)
{
    const char *t = trimmed(mem, text, text + strlen(text));
    const char *end = t + strlen(t);
    size_t n = 1, i = 0;
    const char **list;

    while (end > t && end[-1] == ',')
        end--;
    for (const char *c = t; c < end; c++)
        n += *c == ',' ? 1 : 0;
    if (n > LIST_MAX)
        return false;
    list = ci_alloc_array(mem, n + 1, sizeof *list);
    while (t < end) {
        const char *comma = memchr(t, ',', (size_t)(end - t));

        list[i++] = trimmed(mem, t, comma ? comma : end);
        t = comma ? comma + 1 : end;
    }
    *value = list;
    return true;
}

/* key:value,key:value; no key twice. */
static bool set_dict(const char *const **value, struct ci_arena *mem, const char *text)
{
    const char *const *parts;
    const char **dict;
    size_t n = 0, filled = 0;

    if (!set_list(&parts, mem, text))
        return false;
    while (parts[n])
        n++;
    dict = ci_alloc_array(mem, 2 * n + 1, sizeof *dict);
    for (; *parts; parts++) {
        const char *colon = strchr(*parts, ':');
        const char *key = colon ? trimmed(mem, *parts, colon) : "";

        if (!*key)
            return false;
        for (size_t i = 0; i < filled; i += 2) {
            if (strcmp(dict[i], key) == 0)
                return false;
        }
        dict[filled++] = key;
        dict[filled++] = trimmed(mem, colon + 1, colon + strlen(colon));
    }
    *value = dict;
    return true;
}

/* An IPv4 or IPv6 address, or a host name whose last label is not a number. */
static bool is_address(const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    const char *label = text;
    bool named = false;

    if (inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1)
        return true;
    if (!*text || strlen(text) > HOST_MAX)
        return false;
    while (*label) {
        size_t n = strcspn(label, ".");

        if (n == 0 || n > LABEL_MAX || label[0] == '-' || label[n - 1] == '-')
            return false;
        named = false;
        for (size_t i = 0; i < n; i++) {
            if (!isalnum((unsigned char)label[i]) && label[i] != '-')
                return false;
            named = named || !isdigit((unsigned char)label[i]);
        }
        label += label[n] ? n + 1 : n;
    }
    return named;
}

/* A URL with a host. */
static bool is_url(struct ci_arena *mem, const char *text)
{
    struct ci_ctx ctx = {.mem = mem};
    struct ci_url url;

    return ci_url_parse(&ctx, text, &url) && *url.hosts[0].name;
}

static bool set_text(const struct ci_option *option, const char **value, struct ci_arena *mem,
                     const char *text)
{
    if (!*text && !option->fallback) {
        *value = NULL;
        return true;
    }
    if (option->kind == CI_KIND_ADDRESS && !is_address(text))
        return false;
    if (option->kind == CI_KIND_URL && !is_url(mem, text))
        return false;
    *value = ci_strdup(mem, text);
    return true;
}

static bool set_unset(const struct ci_option *option, struct ci_config *config)
{
    if (is_number(option))
        *(int64_t *)member(option, config) = CI_UNSET;
    else if (is_list(option))
        *(const char *const **)member(option, config) = NULL;
    else if (option->kind != CI_KIND_BOOL && option->kind != CI_KIND_FLOAT)
        *(const char **)member(option, config) = NULL;
    return true;
}

bool ci_option_set(const struct ci_option *option, struct ci_config *config, struct ci_arena *mem,
                   const char *text)
{
    void *value = member(option, config);

    if (!text)
        return set_unset(option, config);
    switch (option->kind) {
    case CI_KIND_STR:
    case CI_KIND_SECRET:
    case CI_KIND_ADDRESS:
    case CI_KIND_URL:
        return set_text(option, value, mem, text);
    case CI_KIND_CHOICE:
        return set_choice(option, value, text);
    case CI_KIND_INT:
    case CI_KIND_SECONDS:
    case CI_KIND_OCTAL:
        return set_number(option, value, mem, text);
    case CI_KIND_FLOAT:
        return set_float(option, value, mem, text);
    case CI_KIND_BOOL:
        return set_bool(value, text);
    case CI_KIND_LIST:
    case CI_KIND_MULTI:
        return set_list(value, mem, text);
    case CI_KIND_DICT:
        return set_dict(value, mem, text);
    }
    return false;
}

void ci_option_set_multi(const struct ci_option *option, struct ci_config *config,
                         const char *const *texts)
{
    *(const char *const **)member(option, config) = texts;
}

static const char *allowed_number(const struct ci_option *option, struct ci_arena *mem)
{
    const char *what = option->kind == CI_KIND_FLOAT   ? "a number"
                       : option->kind == CI_KIND_OCTAL ? "an octal number"
                                                       : "an integer";

    if (option->min == INT64_MIN + 1 && option->max == INT64_MAX)
        return what;
    if (option->max == INT64_MAX)
        return ci_printf(mem, "%s, at least %lld", what, (long long)option->min);
    if (option->min == INT64_MIN + 1)
        return ci_printf(mem, "%s, at most %lld", what, (long long)option->max);
    if (option->kind == CI_KIND_OCTAL)
        return ci_printf(mem, "%s from 0 to %llo", what, (unsigned long long)option->max);
    return ci_printf(mem, "%s from %lld to %lld", what, (long long)option->min,
                     (long long)option->max);
}

static const char *joined(struct ci_arena *mem, const char *before, const char *const *words,
                          const char *between, const char *after)
{
    struct ci_text *text = ci_text_new(mem, TEXT_MAX);

    ci_text_add(text, before);
    for (size_t i = 0; words[i]; i++) {
        ci_text_add(text, i > 0 ? between : "");
        ci_text_add(text, words[i]);
    }
    ci_text_add(text, after);
    return text->bytes;
}

const char *ci_option_allowed(const struct ci_option *option, struct ci_arena *mem)
{
    switch (option->kind) {
    case CI_KIND_STR:
    case CI_KIND_SECRET:
    case CI_KIND_MULTI:
        return "a text";
    case CI_KIND_CHOICE:
        return joined(mem, "one of ", option->choices, ", ", "");
    case CI_KIND_ADDRESS:
        return "a host name or an IP address";
    case CI_KIND_URL:
        return "a URL with scheme and host";
    case CI_KIND_INT:
    case CI_KIND_SECONDS:
    case CI_KIND_OCTAL:
    case CI_KIND_FLOAT:
        return allowed_number(option, mem);
    case CI_KIND_BOOL:
        return "true or false";
    case CI_KIND_LIST:
        return "words separated by commas";
    case CI_KIND_DICT:
        return "key:value pairs separated by commas";
    }
    return "";
}

/* As Python's repr() writes a text. */
static void add_quoted(struct ci_text *text, const char *word)
{
    const char *quote = strchr(word, '\'') && !strchr(word, '"') ? "\"" : "'";

    ci_text_add(text, quote);
    for (const char *c = word; *c; c++) {
        if (*c == '\n' || *c == '\r' || *c == '\t')
            ci_text_add(text, *c == '\n' ? "\\n" : *c == '\r' ? "\\r" : "\\t");
        else if ((unsigned char)*c < ' ' || *c == 0x7f)
            ci_text_printf(text, "\\x%02x", (unsigned char)*c);
        else
            ci_text_printf(text, *c == '\\' || *c == *quote ? "\\%c" : "%c", *c);
    }
    ci_text_add(text, quote);
}

/* ['a', 'b'], or {'a': 'b'} for a dictionary. */
static const char *list_text(const struct ci_option *option, const char *const *list,
                             struct ci_arena *mem)
{
    bool dict = option->kind == CI_KIND_DICT;
    struct ci_text *text = ci_text_new(mem, TEXT_MAX);

    ci_text_add(text, dict ? "{" : "[");
    for (size_t i = 0; list[i]; i++) {
        ci_text_add(text, i == 0 ? "" : dict && i % 2 == 1 ? ": " : ", ");
        add_quoted(text, list[i]);
    }
    ci_text_add(text, dict ? "}" : "]");
    return text->bytes;
}

const char *ci_option_text(const struct ci_option *option, const struct ci_config *config,
                           struct ci_arena *mem)
{
    const void *value = member_of(option, config);
    int64_t number;
    double fraction;

    if (is_number(option)) {
        number = *(const int64_t *)value;
        return number == CI_UNSET ? NULL : ci_printf(mem, "%lld", (long long)number);
    }
    if (is_list(option)) {
        const char *const *list = *(const char *const *const *)value;

        return list ? list_text(option, list, mem) : NULL;
    }
    if (option->kind == CI_KIND_BOOL)
        return *(const bool *)value ? "True" : "False";
    if (option->kind != CI_KIND_FLOAT)
        return *(const char *const *)value;
    fraction = *(const double *)value;
    return ci_printf(mem, fraction == (double)(int64_t)fraction ? "%.1f" : "%.15g", fraction);
}

void ci_option_copy(const struct ci_option *option, struct ci_config *to, struct ci_arena *mem,
                    const struct ci_config *from)
{
    const void *value = member_of(option, from);

    if (is_number(option)) {
        *(int64_t *)member(option, to) = *(const int64_t *)value;
    } else if (option->kind == CI_KIND_BOOL) {
        *(bool *)member(option, to) = *(const bool *)value;
    } else if (option->kind == CI_KIND_FLOAT) {
        *(double *)member(option, to) = *(const double *)value;
    } else if (is_list(option)) {
        const char *const *list = *(const char *const *const *)value;
        const char **copy = NULL;
        size_t n = 0;

        while (list && list[n])
            n++;
        if (list)
            copy = ci_alloc_array(mem, n + 1, sizeof *copy);
        for (size_t i = 0; i < n; i++)
            copy[i] = ci_strdup(mem, list[i]);
        *(const char *const **)member(option, to) = copy;
    } else {
        *(const char **)member(option, to) = ci_strdup(mem, *(const char *const *)value);
    }
}

const struct ci_option *ci_options(size_t *ret_n)
{
    *ret_n = sizeof options / sizeof options[0];
    return options;
}

const struct ci_option_alias *ci_option_aliases(size_t *ret_n)
{
    *ret_n = sizeof aliases / sizeof aliases[0];
    return aliases;
}

const struct ci_option *ci_option_find(const char *section, const char *name)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (strcmp(options[i].name, name) == 0 && strcmp(options[i].section, section) == 0)
            return &options[i];
    }
    return NULL;
}
