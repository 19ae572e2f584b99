/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which content type a client takes (RFC 7231, 5.3.2).
 */
#include "api/accept.h"

#include <string.h>
#include <strings.h>

/* How precisely a media range names a type: 3 exactly, 2 by its first half, 1 as anything, 0 not at
 * all. */
static int precision(const char *range, const char *type)
{
    const char *slash = strchr(type, '/');

    if (strcasecmp(range, type) == 0)
        return 3;
    if (strcmp(range, "*/*") == 0)
        return 1;
    if (slash && strncasecmp(range, type, (size_t)(slash - type) + 1) == 0 &&
        strcmp(range + (slash - type) + 1, "*") == 0)
        return 2;
    return 0;
}

/* "1", "0.5", "0.125": at most three decimals count; anything else is 0. */
static int thousandths(const char *text)
{
    int value = 0;

    if (text[0] == '1')
        return 1000;
    if (text[0] != '0' || text[1] != '.')
        return 0;
    for (size_t i = 2, worth = 100; i < 5 && text[i] >= '0' && text[i] <= '9'; i++, worth /= 10)
        value += (text[i] - '0') * (int)worth;
    return value;
}

/* "q=0.5" among the parameters of a range, in thousandths; 1000 without. */
static int quality(const char *const *parameters)
{
    for (; *parameters; parameters++) {
        if (strncasecmp(*parameters, "q=", 2) == 0)
            return thousandths(*parameters + 2);
    }
    return 1000;
}

static bool is_well_formed(const char *const *ranges, struct ci_arena *mem)
{
    for (; *ranges; ranges++) {
        const char *const *words = ci_split(mem, *ranges, ';');

        if (!words[0] || !strchr(words[0], '/'))
            return false;
    }
    return true;
}

/* What the header gives the type, in thousandths: the quality of the most precise range. */
static int quality_of(struct ci_arena *mem, const char *const *ranges, const char *type)
{
    int best = 0, q = 0;

    for (; *ranges; ranges++) {
        const char *const *words = ci_split(mem, *ranges, ';');
        int p = precision(words[0], type);

        if (p > best) {
            best = p;
            q = quality(words + 1);
        }
    }
    return q;
}

const char *ci_accept_best(struct ci_request *req, const char *const *offers)
{
    const char *header = req->header(req, "Accept");
    const char *const *ranges;
    const char *best = NULL;
    int best_quality = 0;

    if (!header || !header[0])
        return offers[0];
    ranges = ci_split(req->ctx->mem, header, ',');
    if (!is_well_formed(ranges, req->ctx->mem))
        return offers[0];
    for (size_t i = 0; offers[i]; i++) {
        int q = quality_of(req->ctx->mem, ranges, offers[i]);

        if (q > best_quality) {
            best = offers[i];
            best_quality = q;
        }
    }
    return best;
}

bool ci_accept_json(struct ci_request *req)
{
    static const char *const offers[] = {"application/json", NULL};
    const char *header = req->header(req, "Accept");

    /* What nearly every client sends. */
    if (!header || strcmp(header, "application/json") == 0 || strcmp(header, "*/*") == 0)
        return true;
    if (ci_accept_best(req, offers))
        return true;
    req->webob_fault = true;
    req->no_version_headers = true;
    return ci_fail_status(
        req->ctx, NotAcceptable, 406,
        "The resource could not be generated that was acceptable to your browser\n"
        "(content of type %.200s. ",
        header);
}
