/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clocks, and the ISO 8601 forms of the database, REST and messages.
 *
 * Calendar arithmetic is done here instead of by gmtime() and timegm(): it has no locale, no
 * leap seconds and no year beyond four digits, and it is fast enough for long lists.
 */
#include "base/time.h"

#include <time.h>

enum { US = 1000000, DAY_S = 86400 };

struct date {
    int year, month, day;
};

static const char days_in_month[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since 1970-01-01. Years begin in March here, so that the leap day is a year's last. */
static int64_t days_of(struct date date)
{
    int64_t year = date.month > 2 ? date.year : date.year - 1;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static struct date date_of(int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day = shifted - era * 146097;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t day_of_year = day - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * day_of_year + 2) / 153;

    return (struct date){
        .year = (int)(year + era * 400 + (month >= 10 ? 1 : 0)),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
    };
}

/* The time as text: date, separator, clock, fraction ("" or ".ffffff"), zone. */
static const char *print(struct ci_arena *mem, int64_t time_us, char separator, bool fraction,
                         const char *zone)
{
    int64_t seconds = time_us / US, us = time_us % US, days, clock;
    struct date date;
    char tail[8] = "";

    if (us < 0) {
        us += US;
        seconds--;
    }
    days = seconds / DAY_S;
    clock = seconds % DAY_S;
    if (clock < 0) {
        clock += DAY_S;
        days--;
    }
    date = date_of(days);
    if (fraction) {
        tail[0] = '.';
        for (int i = 6; i > 0; i--, us /= 10)
            tail[i] = (char)('0' + us % 10);
    }
    return ci_printf(mem, "%04d-%02d-%02d%c%02d:%02d:%02d%s%s", date.year, date.month, date.day,
                     separator, (int)(clock / 3600), (int)(clock / 60 % 60), (int)(clock % 60),
                     tail, zone);
}

/* n digits as a number; false when one is missing. Moves on behind them. */
static bool take_digits(const char **at, int n, int *ret_value)
{
    int value = 0;

    for (int i = 0; i < n; i++) {
        char c = (*at)[i];

        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *at += n;
    *ret_value = value;
    return true;
}

static bool take_char(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

static bool take_date(const char **at, struct date *date)
{
    int last;

    if (!take_digits(at, 4, &date->year) || !take_char(at, '-') ||
        !take_digits(at, 2, &date->month) || !take_char(at, '-') || !take_digits(at, 2, &date->day))
        return false;
    if (date->year < 1 || date->month < 1 || date->month > 12)
        return false;
    last = days_in_month[date->month - 1] + (date->month == 2 && is_leap(date->year) ? 1 : 0);
    return date->day >= 1 && date->day <= last;
}

/* ".123" or ",123" if there; digits past the sixth are cut off. */
static bool take_fraction(const char **at, int64_t *us)
{
    int64_t unit = US / 10;

    *us = 0;
    if (!take_char(at, '.') && !take_char(at, ','))
        return true;
    if (**at < '0' || **at > '9')
        return false;
    for (; **at >= '0' && **at <= '9'; (*at)++, unit /= 10)
        *us += (**at - '0') * unit;
    return true;
}

/* HH:MM[:SS[.fraction]] in microseconds. */
static bool take_clock(const char **at, int64_t *us)
{
    int hours, minutes, seconds = 0;
    int64_t fraction = 0;

    if (!take_digits(at, 2, &hours) || !take_char(at, ':') || !take_digits(at, 2, &minutes))
        return false;
    if (take_char(at, ':') && (!take_digits(at, 2, &seconds) || !take_fraction(at, &fraction)))
        return false;
    if (hours > 23 || minutes > 59 || seconds > 59)
        return false;
    *us = ((int64_t)hours * 3600 + minutes * 60 + seconds) * US + fraction;
    return true;
}

/* Z, +HH, +HHMM, +HH:MM or nothing, in seconds east of Greenwich. */
static bool take_zone(const char **at, int64_t *seconds)
{
    int hours, minutes = 0, sign;

    *seconds = 0;
    if (**at == '\0' || take_char(at, 'Z'))
        return true;
    sign = **at == '-' ? -1 : 1;
    if (!take_char(at, '+') && !take_char(at, '-'))
        return false;
    if (!take_digits(at, 2, &hours))
        return false;
    if (**at && ((take_char(at, ':') && **at == '\0') || !take_digits(at, 2, &minutes)))
        return false;
    if (hours > 23 || minutes > 59)
        return false;
    *seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

int64_t ci_time_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * US + now.tv_nsec / 1000;
}

int ci_time_limit_ms(int64_t seconds)
{
    return seconds < 0 ? 0 : seconds > INT32_MAX / 1000 ? INT32_MAX : (int)seconds * 1000;
}

int64_t ci_time_monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

const char *ci_time_db(struct ci_arena *mem, int64_t time_us)
{
    return time_us == CI_NULL_TIME ? NULL : print(mem, time_us, ' ', true, "");
}

const char *ci_time_rest(struct ci_arena *mem, int64_t time_us)
{
    if (time_us == CI_NULL_TIME)
        return NULL;
    return print(mem, time_us, 'T', time_us % US != 0, "+00:00");
}

const char *ci_time_wire(struct ci_arena *mem, int64_t time_us)
{
    return time_us == CI_NULL_TIME ? NULL : print(mem, time_us, 'T', false, "Z");
}

bool ci_time_parse(const char *text, int64_t *ret_time_us)
{
    struct date date;
    int64_t clock_us = 0, zone_s = 0;

    if (!text || !take_date(&text, &date))
        return false;
    if (*text) {
        if (!take_char(&text, 'T') && !take_char(&text, ' '))
            return false;
        if (!take_clock(&text, &clock_us) || !take_zone(&text, &zone_s) || *text)
            return false;
    }
    *ret_time_us = (days_of(date) * DAY_S - zone_s) * US + clock_us;
    return true;
}
