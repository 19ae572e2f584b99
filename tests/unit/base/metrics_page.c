/* SPDX-License-Identifier: Apache-2.0 */
#include "base/metrics_page.h"

#include "tests/unit/unit.h"

#include "tests/unit/base/httpclient.h"

#define TELL(text) (text), sizeof(text) - 1

static ci_counter asked;
static char things[] = "things", others[] = "others";

static void write_things(struct ci_metrics *to, void *arg)
{
    ci_counter_add(&asked);
    ci_metrics_one(to, arg, "gauge", "Things.", asked);
}

static const struct ci_metrics_source sources[] = {
    {write_things, things}, {write_things, others}, {NULL, NULL}};

START_TEST(the_page_has_what_all_sources_tell)
{
    struct ci_metrics_page *page;
    struct answer answer;
    int port;

    ck_assert(ci_metrics_page_start(unit_ctx(), "127.0.0.1", 0, sources, &page));
    port = ci_metrics_page_port(page);
    answer = client_ask(port, TELL("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"));
    ck_assert_int_eq(answer.status, 200);
    ck_assert_ptr_nonnull(strstr(answer.head, "Content-Type: text/plain; version=0.0.4"));
    ck_assert_str_eq(answer.body, "# HELP things Things.\n# TYPE things gauge\nthings 1\n"
                                  "# HELP others Things.\n# TYPE others gauge\nothers 2\n");
    answer = client_ask(port, TELL("GET /metric HTTP/1.1\r\nHost: a\r\n\r\n"));
    ck_assert_int_eq(answer.status, 404);
    answer =
        client_ask(port, TELL("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"));
    ck_assert_int_eq(answer.status, 405);
    ck_assert_uint_eq(asked, 2);
    ci_metrics_page_free(page);
    ci_metrics_page_free(NULL);
}
END_TEST

START_TEST(an_address_that_is_taken_stops_the_start)
{
    struct ci_metrics_page *page, *other;

    ck_assert(ci_metrics_page_start(unit_ctx(), "127.0.0.1", 0, sources, &page));
    ck_assert(!ci_metrics_page_start(unit_ctx(), "127.0.0.1", ci_metrics_page_port(page), sources,
                                     &other));
    ci_metrics_page_free(page);
}
END_TEST

UNIT_MAIN("base/metrics_page", the_page_has_what_all_sources_tell,
          an_address_that_is_taken_stops_the_start)
