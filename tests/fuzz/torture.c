/* Damages binlog files in every way and decodes what is left: an error or a decode, never a crash,
 * a hang or memory without end.
 *
 *   torture [--full] [--seconds N] [--seed S] [--keep FILE] BINLOG...
 *   torture --case N [--keep FILE] BINLOG
 *
 * The cases of a file, by number, in this order:
 *
 *   cut      it ends after each of its first 64 KiB of bytes
 *   mended   the same, but the event that is cut says so in its header, and its sum is right: the
 *            decoder reads it, and is not stopped by its frame
 *   whole    both, at the first, the middle and the last byte of each of these events
 *   flip     each bit of its first 4 KiB is turned over, the sum of its event is right again, and
 *            what follows is decoded: the rest of that event, and 4 KiB more, 64 KiB at most
 *
 * What a cut event meets in a reader is the file's format, the name of its group, and the table
 * maps since; events before those were decoded, whole, and are forgotten. So "cut" and "mended"
 * decode just these and the event, and only "whole" decodes all that is in front of the cut. That
 * makes it possible to run them all.
 *
 * --full runs all of them; otherwise a sample, in an order that the seed gives, for N seconds of
 * CPU time, of which each file gets the same share of what is left. A case that does not come to
 * its end prints its number and leaves its bytes in FILE. */
#include "base/mem.h"
#include "consume.h"
#include "decode_all.h"
#include "repair.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { CUT_MAX = 64 << 10, FLIP_MAX = 4 << 10, AFTER_FLIP_MAX = 64 << 10, AFTER_FLIP = 4 << 10 };
enum { MAGIC_LEN = 4, CASE_SECONDS = 10, FILE_MAX = (CUT_MAX + AFTER_FLIP_MAX) * 2 };
enum { CUTS_OF_EVENT = 3, EVENT_TYPE_OFFSET = 4 };

/* A file as it was, and where its events start. */
struct subject {
    const char *path;
    struct bs_str bytes; /* no more of it than any case can reach */
    struct decode_how how;
    struct decode_how how_apart; /* events that do not stand behind each other */
    bool summed;
    size_t *starts;
    size_t start_count;
};

struct totals {
    uint64_t cases;
    uint64_t decoded; /* without an error */
    uint64_t events;
    uint64_t rows;
};

struct options {
    bool full;
    bool one;
    uint64_t only;
    double seconds;
    uint64_t seed;
    const char *keep;
};

/* What runs at this moment, for the report when it breaks. */
static struct {
    const char *path;
    const char *kind;
    uint64_t number;
    struct bs_str bytes;
    const char *keep;
    volatile sig_atomic_t is_running;
} current;

/* ---- when a case breaks -------------------------------------------------------------------- */

static void
say(const char *text) {
    (void)!write(STDERR_FILENO, text, strlen(text));
}

static void
say_number(uint64_t number) {
    char text[24];
    size_t at = sizeof text - 1;
    text[at] = '\0';
    do {
        text[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    say(text + at);
}

/* Called by the sanitizers before they end the process: nothing that allocates. */
static void
report_case(void) {
    if (!current.is_running) {
        return;
    }
    current.is_running = 0;
    say("torture: --case ");
    say_number(current.number);
    say(" (");
    say(current.kind);
    say(") of ");
    say(current.path);
    say(" broke it\n");
    if (current.keep != NULL) {
        int fd = open(current.keep, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        (void)!write(fd, current.bytes.data, current.bytes.len);
        (void)close(fd);
        say("torture: its bytes are in ");
        say(current.keep);
        say("\n");
    }
}

static void
on_alarm(int signal_number) {
    (void)signal_number;
    say("torture: a case runs for too long\n");
    report_case();
    _exit(3);
}

const char *__asan_default_options(void);

/* A GTID set or a payload may claim any size; what is allocated must not be what is claimed. */
const char *
__asan_default_options(void) {
    return "max_allocation_size_mb=400:hard_rss_limit_mb=1500:handle_abort=1:detect_leaks=1:"
           "allocator_may_return_null=0";
}

static void
set_alarm(void) {
    struct itimerval timer = {.it_value = {.tv_sec = CASE_SECONDS}};
    (void)setitimer(ITIMER_PROF, &timer, NULL);
}

/* ---- the cases ----------------------------------------------------------------------------- */

static size_t
least(size_t a, size_t b) {
    return a < b ? a : b;
}

static uint64_t
cut_count(const struct subject *s) {
    return least(s->bytes.len, CUT_MAX);
}

static uint64_t
flip_count(const struct subject *s) {
    return least(s->bytes.len, FLIP_MAX) * 8;
}

/* Each event is cut in some places, plain and mended. */
static uint64_t
whole_count(const struct subject *s) {
    size_t events = 0;
    while (events < s->start_count && s->starts[events] < CUT_MAX) {
        events++;
    }
    return 2 * CUTS_OF_EVENT * events;
}

static uint64_t
case_count(const struct subject *s) {
    return 2 * cut_count(s) + whole_count(s) + flip_count(s);
}

/* The index of the event that holds this byte. */
static size_t
event_of(const struct subject *s, size_t offset) {
    size_t low = 0;
    size_t high = s->start_count;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (s->starts[mid] <= offset) {
            low = mid;
        } else {
            high = mid;
        }
    }
    return low;
}

static size_t
start_of(const struct subject *s, size_t offset) {
    return s->starts[event_of(s, offset)];
}

static size_t
end_of(const struct subject *s, size_t event) {
    return event + 1 < s->start_count ? s->starts[event + 1] : s->bytes.len;
}

static void
mend(const struct subject *s, char *bytes, size_t start, size_t len) {
    if (s->summed) {
        repair_checksum((uint8_t *)bytes + start, len);
    }
}

/* Cuts the last event of bytes, which begins at start, and mends it if asked to. */
static void
mend_cut(const struct subject *s, char *bytes, size_t start, size_t len) {
    repair_size((uint8_t *)bytes + start, len - start);
    repair_log_pos((uint8_t *)bytes + start, len - start, len);
    mend(s, bytes, start, len - start);
}

static size_t
make_whole(const struct subject *s, char *bytes, uint64_t number) {
    size_t event = number / (2 * CUTS_OF_EVENT);
    size_t start = s->starts[event];
    size_t event_size = end_of(s, event) - start;
    size_t places[CUTS_OF_EVENT] = {1, event_size / 2, event_size - 1};
    size_t len = start + places[number / 2 % CUTS_OF_EVENT];
    memcpy(bytes, s->bytes.data, len);
    if (number % 2 == 1) {
        mend_cut(s, bytes, start, len);
    }
    return len;
}

static uint8_t
type_of(const struct subject *s, size_t event) {
    size_t at = s->starts[event] + EVENT_TYPE_OFFSET;
    return at < s->bytes.len ? (uint8_t)s->bytes.data[at] : 0;
}

static bool
opens_group(uint8_t type) {
    return type == BS_EVENT_GTID || type == BS_EVENT_ANONYMOUS_GTID ||
           type == BS_EVENT_GTID_TAGGED || type == BS_EVENT_MARIADB_GTID;
}

static size_t
copy_event(const struct subject *s, char *bytes, size_t len, size_t event) {
    size_t start = s->starts[event];
    memcpy(bytes + len, s->bytes.data + start, end_of(s, event) - start);
    return len + end_of(s, event) - start;
}

/* What of the file in front of this event counts for reading it. */
static size_t
make_context(const struct subject *s, char *bytes, size_t event) {
    enum { BACK_MAX = 64 };
    memcpy(bytes, s->bytes.data, MAGIC_LEN);
    size_t len = event > 0 ? copy_event(s, bytes, MAGIC_LEN, 0) : MAGIC_LEN;
    size_t first = event;
    while (first > 1 && event - first < BACK_MAX && !opens_group(type_of(s, first))) {
        first--;
    }
    for (size_t i = first; i < event && i > 0; i++) {
        uint8_t type = type_of(s, i);
        if (opens_group(type) || type == BS_EVENT_TABLE_MAP || type == BS_EVENT_QUERY) {
            len = copy_event(s, bytes, len, i);
        }
    }
    return len;
}

static size_t
make_cut(const struct subject *s, char *bytes, size_t cut, bool mended) {
    if (cut <= MAGIC_LEN) {
        memcpy(bytes, s->bytes.data, cut);
        return cut;
    }
    size_t event = event_of(s, cut - 1);
    size_t start = make_context(s, bytes, event);
    size_t len = start + cut - s->starts[event];
    memcpy(bytes + start, s->bytes.data + s->starts[event], len - start);
    if (mended) {
        mend_cut(s, bytes, start, len);
    }
    return len;
}

static size_t
make_flip(const struct subject *s, char *bytes, uint64_t bit) {
    size_t at = bit / 8;
    size_t end = at >= MAGIC_LEN ? end_of(s, event_of(s, at)) : at;
    size_t len = least(s->bytes.len, least(at + AFTER_FLIP_MAX, end + AFTER_FLIP));
    memcpy(bytes, s->bytes.data, len);
    bytes[at] = (char)(bytes[at] ^ (1 << bit % 8));
    if (at >= MAGIC_LEN) {
        size_t start = start_of(s, at);
        /* Its size may be what was flipped: the sum is where the reader will look for it. */
        mend(s, bytes, start, event_len((struct bs_str){bytes + start, len - start}));
    }
    return len;
}

static void
run_case(const struct subject *s, uint64_t number, char *bytes, struct totals *totals) {
    struct decode_count count;
    struct bs_error err;
    struct decode_how how = s->how;
    uint64_t cuts = cut_count(s);
    uint64_t wholes = whole_count(s);
    size_t len = 0;
    if (number < 2 * cuts) {
        bool mended = number >= cuts;
        current.kind = mended ? "mended" : "cut";
        len = make_cut(s, bytes, number % cuts, mended);
        how = s->how_apart;
    } else if (number < 2 * cuts + wholes) {
        current.kind = "whole";
        len = make_whole(s, bytes, number - 2 * cuts);
    } else {
        current.kind = "flip";
        len = make_flip(s, bytes, number - 2 * cuts - wholes);
    }
    current.number = number;
    current.bytes = (struct bs_str){bytes, len};
    set_alarm();
    current.is_running = 1;
    enum bs_status status = decode_all(current.bytes, &how, &count, &err);
    current.is_running = 0;
    totals->cases++;
    totals->decoded += status == BS_OK;
    totals->events += count.events;
    totals->rows += count.rows;
}

/* ---- a file -------------------------------------------------------------------------------- */

static struct bs_str
read_file(const char *path) {
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        fprintf(stderr, "torture: %s: %s\n", path, strerror(errno));
        exit(2);
    }
    char *bytes = bs_alloc(FILE_MAX);
    size_t len = fread(bytes, 1, FILE_MAX, f);
    fclose(f);
    return (struct bs_str){bytes, len};
}

static void
find_starts(struct subject *s) {
    size_t cap = 0;
    size_t at = MAGIC_LEN;
    do {
        bs_array_grow((void **)&s->starts, &cap, s->start_count, sizeof *s->starts);
        s->starts[s->start_count++] = at;
        at += event_len((struct bs_str){s->bytes.data + at, s->bytes.len - at});
    } while (at < s->bytes.len);
}

static bool
open_subject(struct subject *s, const char *path) {
    *s = (struct subject){.path = path, .bytes = read_file(path)};
    if (s->bytes.len <= MAGIC_LEN) {
        free((char *)(uintptr_t)s->bytes.data);
        return false;
    }
    find_starts(s);
    struct bs_str first = {s->bytes.data + MAGIC_LEN, s->bytes.len - MAGIC_LEN};
    first.len = event_len(first);
    s->summed = has_checksums(first);
    s->how = decode_how_for(s->bytes);
    s->how_apart =
        (struct decode_how){s->how.flavour, s->how.flavour == BS_MARIADB ? BS_POSITION_GTID_MARIADB
                                                                         : BS_POSITION_GTID_MYSQL};
    return true;
}

static void
close_subject(struct subject *s) {
    free((char *)(uintptr_t)s->bytes.data);
    free(s->starts);
}

static double
cpu_seconds(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t
next_random(uint64_t *state) {
    *state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static uint64_t
common_divisor(uint64_t a, uint64_t b) {
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Strides through all cases, each once, from a place and by a step that the seed gives. */
static void
run_subject(const struct subject *s, const struct options *options, double until, uint64_t *random,
            struct totals *totals) {
    char *bytes = bs_alloc(s->bytes.len * 2);
    uint64_t count = case_count(s);
    uint64_t at = options->full ? 0 : next_random(random) % count;
    uint64_t step = 1;
    while (!options->full && common_divisor(step = next_random(random) % count + 1, count) != 1) {
    }
    current.path = s->path;
    if (options->one) {
        run_case(s, options->only % count, bytes, totals);
        count = 0;
    }
    for (uint64_t i = 0; i < count && (options->full || cpu_seconds() < until); i++) {
        run_case(s, at, bytes, totals);
        at = (at + step) % count;
    }
    free(bytes);
    if (__lsan_do_recoverable_leak_check() != 0) {
        fprintf(stderr, "torture: memory is lost in a case of %s\n", s->path);
        exit(3);
    }
}

/* ---- the run ------------------------------------------------------------------------------- */

static int
usage(void) {
    fprintf(stderr, "usage: torture [--full | --case N] [--seconds N] [--seed S] [--keep FILE] "
                    "BINLOG...\n");
    return 2;
}

/* Returns the index of the first file, 0 where the options cannot be understood. */
static int
read_options(struct options *options, int argc, char **argv) {
    int i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (strcmp(argv[i], "--full") == 0) {
            options->full = true;
            continue;
        }
        if (i + 1 == argc) {
            return 0;
        }
        const char *value = argv[++i];
        if (strcmp(argv[i - 1], "--seconds") == 0) {
            options->seconds = atof(value);
        } else if (strcmp(argv[i - 1], "--seed") == 0) {
            options->seed = strtoull(value, NULL, 10);
        } else if (strcmp(argv[i - 1], "--keep") == 0) {
            options->keep = value;
        } else if (strcmp(argv[i - 1], "--case") == 0) {
            options->one = true;
            options->only = strtoull(value, NULL, 10);
        } else {
            return 0;
        }
    }
    return i < argc ? i : 0;
}

int
main(int argc, char **argv) {
    struct options options = {.seconds = 60, .seed = 1};
    struct totals totals = {0};
    int first = read_options(&options, argc, argv);
    if (first == 0) {
        return usage();
    }
    uint64_t random = options.seed;
    current.keep = options.keep;
    __sanitizer_set_death_callback(report_case);
    (void)signal(SIGPROF, on_alarm);
    for (int i = first; i < argc; i++) {
        struct subject subject;
        double now = cpu_seconds();
        double share = (options.seconds - now) / (argc - i);
        if (open_subject(&subject, argv[i])) {
            run_subject(&subject, &options, now + share, &random, &totals);
            close_subject(&subject);
        }
    }
    printf("%d files, %" PRIu64 " cases, %" PRIu64 " decoded without an error, %" PRIu64
           " events, %" PRIu64 " rows, %.0f s of CPU\n",
           argc - first, totals.cases, totals.decoded, totals.events, totals.rows, cpu_seconds());
    return 0;
}
