/* Damages binlog files in every way and reads what is left: an error or a decode, never a crash, a
 * hang or memory without end.
 *
 *   torture [--full] [--seconds N] [--seed S] [--keep FILE] BINLOG...
 *   torture --case N [--keep FILE] BINLOG
 *
 * The cases of a file, by number, in this order:
 *
 *   cut      it ends after each of its first 64 KiB of bytes, and is read by src/logfile
 *   mended   the same, but the event that is cut says so in its header, and its end position and
 *            sum are right: it is decoded, behind its context (subject.h)
 *   whole    cut and mended at the first, the middle and the last byte of each of these events: all
 *            in front of the cut is decoded, and what is left of the event, as it is or mended
 *   flip     each bit of its first 4 KiB is turned over, and the sum of its event is right again:
 *            what is in front of it is decoded, the event, and 4 KiB more, 64 KiB at most; where
 *            the bit is one of an event's size, src/logfile reads it too
 *
 * Decoded is: printed as lines, which must be JSON, and given to the decoder, every row read with
 * and without a model.
 *
 * Why this is the same as reading each of the files as a whole. A file that ends inside an event
 * gives the events before it, and then src/logfile stops: no decoder sees what is left of the
 * event. "cut" holds that for each byte; the events before are the same for all cuts of an event,
 * and "whole" decodes them. A mended event is decoded by what was learnt before it, and that is in
 * its context: each context was first seen to give, with the event whole, what the file gives.
 *
 * --full runs all of them; otherwise a sample, in an order that the seed gives, for N seconds of
 * CPU time, of which each file gets the same share of what is left. A case that does not come to
 * its end prints its number and leaves its bytes in FILE. */
#include "base/mem.h"
#include "consume.h"
#include "framing.h"
#include "repair.h"
#include "subject.h"

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
enum { CUTS_OF_EVENT = 3, SIZE_OFFSET = 9, SIZE_LEN = 4 };

struct totals {
    uint64_t cases;
    uint64_t framed;  /* read by src/logfile */
    uint64_t decoded; /* without an error */
    uint64_t events;
    uint64_t rows;
    uint64_t contexts;
    uint64_t whole_contexts; /* no less than all in front of the event gives the same */
};

struct options {
    bool full;
    bool one;
    uint64_t only;
    double seconds;
    uint64_t seed;
    const char *keep;
};

struct run {
    struct subject subject;
    struct framing framing;
    char *bytes; /* of the damaged file; room for the subject's */
    struct totals totals;
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

/* A GTID set or a payload may claim any size; what is allocated must not be what is claimed. What
 * was freed is kept for as long as some cases take, not for as much memory as there is. */
const char *
__asan_default_options(void) {
    return "max_allocation_size_mb=400:hard_rss_limit_mb=1500:handle_abort=1:detect_leaks=1:"
           "allocator_may_return_null=0:quarantine_size_mb=8";
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

static size_t
make_whole(const struct subject *s, char *bytes, uint64_t number) {
    size_t event = number / (2 * CUTS_OF_EVENT);
    size_t start = s->starts[event];
    size_t event_size = subject_end_of(s, event) - start;
    size_t places[CUTS_OF_EVENT] = {1, event_size / 2, event_size - 1};
    size_t len = start + places[number / 2 % CUTS_OF_EVENT];
    memcpy(bytes, s->bytes.data, len);
    if (number % 2 == 1) {
        subject_mend(s, bytes, start, len - start);
    }
    return len;
}

static size_t
make_mended(struct subject *s, char *bytes, size_t cut) {
    if (cut <= MAGIC_LEN) {
        memcpy(bytes, s->bytes.data, cut);
        return cut;
    }
    size_t event = subject_event_of(s, cut - 1);
    struct bs_str context = subject_context(s, event);
    size_t left = cut - s->starts[event];
    memcpy(bytes, context.data, context.len);
    memcpy(bytes + context.len, s->bytes.data + s->starts[event], left);
    subject_mend(s, bytes, context.len, left);
    return context.len + left;
}

static size_t
make_flip(const struct subject *s, char *bytes, uint64_t bit) {
    size_t at = bit / 8;
    size_t event = subject_event_of(s, at);
    size_t end = at >= MAGIC_LEN ? subject_end_of(s, event) : at;
    size_t len = least(s->bytes.len, least(at + AFTER_FLIP_MAX, end + AFTER_FLIP));
    memcpy(bytes, s->bytes.data, len);
    bytes[at] = (char)(bytes[at] ^ (1 << bit % 8));
    if (at >= MAGIC_LEN && s->summed) {
        uint8_t *start = (uint8_t *)bytes + s->starts[event];
        size_t rest = len - s->starts[event];
        /* Its size may be what was flipped: the sum is where the reader will look for it. */
        repair_checksum(start, event_len((struct bs_str){(const char *)start, rest}));
    }
    return len;
}

/* Is this byte one of the magic number, or of an event's size? */
static bool
is_of_frame(const struct subject *s, size_t at) {
    size_t in_event = at - s->starts[subject_event_of(s, at)];
    return at < MAGIC_LEN || (in_event >= SIZE_OFFSET && in_event < SIZE_OFFSET + SIZE_LEN);
}

static void
begin_case(const char *kind, uint64_t number, const char *bytes, size_t len) {
    current.kind = kind;
    current.number = number;
    current.bytes = (struct bs_str){bytes, len};
    set_alarm();
    current.is_running = 1;
}

static void
decode_case(const struct subject *s, struct totals *totals) {
    struct decode_count count;
    enum bs_status status = decode_all(current.bytes, &s->how, NULL, &count, NULL);
    totals->decoded += status == BS_OK;
    totals->events += count.events;
    totals->rows += count.rows;
}

static void
run_flip(struct run *run, uint64_t number, uint64_t bit) {
    begin_case("flip", number, run->bytes, make_flip(&run->subject, run->bytes, bit));
    if (is_of_frame(&run->subject, bit / 8)) {
        (void)frame_all(&run->framing, current.bytes);
        run->totals.framed++;
    }
    decode_case(&run->subject, &run->totals);
}

static void
run_case(struct run *run, uint64_t number) {
    struct subject *s = &run->subject;
    uint64_t cuts = cut_count(s);
    uint64_t wholes = whole_count(s);
    if (number < cuts) {
        begin_case("cut", number, s->bytes.data, number);
        run->totals.events += frame_head(&run->framing, s->bytes.data, number);
        run->totals.framed++;
    } else if (number < 2 * cuts) {
        begin_case("mended", number, run->bytes, make_mended(s, run->bytes, number - cuts));
        decode_case(s, &run->totals);
    } else if (number < 2 * cuts + wholes) {
        begin_case("whole", number, run->bytes, make_whole(s, run->bytes, number - 2 * cuts));
        decode_case(s, &run->totals);
    } else {
        run_flip(run, number, number - 2 * cuts - wholes);
    }
    current.is_running = 0;
    run->totals.cases++;
}

/* ---- a file -------------------------------------------------------------------------------- */

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
run_subject(struct run *run, const struct options *options, double until, uint64_t *random) {
    uint64_t count = case_count(&run->subject);
    uint64_t at = options->full ? 0 : next_random(random) % count;
    uint64_t step = 1;
    while (!options->full && common_divisor(step = next_random(random) % count + 1, count) != 1) {
    }
    if (options->one) {
        run_case(run, options->only % count);
        count = 0;
    }
    for (uint64_t i = 0; i < count && (options->full || cpu_seconds() < until); i++) {
        run_case(run, at);
        at = (at + step) % count;
    }
}

static void
run_file(struct run *run, const char *path, const struct options *options, double until,
         uint64_t *random) {
    if (!subject_open(&run->subject, path, FILE_MAX)) {
        return;
    }
    current.path = path;
    framing_init(&run->framing);
    run->bytes = bs_alloc(run->subject.bytes.len);
    run_subject(run, options, until, random);
    free(run->bytes);
    framing_fini(&run->framing);
    run->totals.contexts += run->subject.apart_count + run->subject.whole_count;
    run->totals.whole_contexts += run->subject.whole_count;
    subject_close(&run->subject);
    if (__lsan_do_recoverable_leak_check() != 0) {
        fprintf(stderr, "torture: memory is lost in a case of %s\n", path);
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

static void
print_totals(const struct totals *totals, int files) {
    printf("%d files, %" PRIu64 " cases: %" PRIu64 " framed, %" PRIu64
           " decoded without an error, %" PRIu64 " events, %" PRIu64 " rows; %" PRIu64
           " of %" PRIu64 " contexts are all in front; %.0f s of CPU\n",
           files, totals->cases, totals->framed, totals->decoded, totals->events, totals->rows,
           totals->whole_contexts, totals->contexts, cpu_seconds());
}

int
main(int argc, char **argv) {
    struct options options = {.seconds = 60, .seed = 1};
    struct run run = {0};
    int first = read_options(&options, argc, argv);
    if (first == 0) {
        return usage();
    }
    uint64_t random = options.seed;
    current.keep = options.keep;
    __sanitizer_set_death_callback(report_case);
    (void)signal(SIGPROF, on_alarm);
    for (int i = first; i < argc; i++) {
        double now = cpu_seconds();
        run_file(&run, argv[i], &options, now + (options.seconds - now) / (argc - i), &random);
    }
    print_totals(&run.totals, argc - first);
    return 0;
}
