/* The loop: draws a history, draws which thread or session does the next step, and what goes wrong
 * when; then holds the target against the source. */
#include "client.h"
#include "sim.h"

#include "base/log.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct sim_random sim_random;
struct sim_history *sim_history;
struct bs_arena sim_arena;
bool sim_traces;

static char failure[512];
static uint64_t steps;

enum { STEPS_MAX = 400000 };

uint64_t
sim_random_next(struct sim_random *random) {
    uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

int
sim_below(struct sim_random *random, int limit) {
    return (int)((sim_random_next(random) >> 32) * (uint64_t)limit >> 32);
}

int64_t
sim_now_ms(void) {
    return (int64_t)steps;
}

void
sim_fail(const char *fmt, ...) {
    va_list args;
    if (failure[0] != '\0') {
        return;
    }
    va_start(args, fmt);
    (void)vsnprintf(failure, sizeof failure, fmt, args);
    va_end(args);
    SIM_TRACE("FAILED: %s", failure);
}

bool
sim_has_failed(void) {
    return failure[0] != '\0';
}

void
sim_trace(const char *fmt, ...) {
    va_list args;
    printf("%6" PRIu64 " ", steps);
    va_start(args, fmt);
    (void)vprintf(fmt, args);
    va_end(args);
    (void)putchar('\n');
}

/* What may go wrong in a history. */
struct faults {
    int left;
    int one_in; /* steps */
};

static void
do_fault(struct faults *faults) {
    faults->left--;
    switch (sim_below(&sim_random, 13)) {
    case 0:
    case 1:
        sim_client_die();
        break;
    case 2:
    case 7:
        sim_server_arm(SIM_ARMED_DEATH);
        break;
    case 9:
        sim_server_arm(SIM_ARMED_RIVAL);
        break;
    case 8:
        sim_server_arm(SIM_ARMED_CUT);
        break;
    case 3:
    case 4:
        sim_server_crash();
        break;
    case 5:
        SIM_TRACE("fault: a second client");
        (void)sim_client_start();
        break;
    case 6:
        (void)sim_server_refuse();
        break;
    default:
        sim_server_cut();
        break;
    }
}

/* Nothing can go on by itself: time passes. */
static bool
pass_time(void) {
    if (sim_client_resume()) {
        return true;
    }
    int first = sim_thread_count() > 0 ? sim_below(&sim_random, sim_thread_count()) : 0;
    for (int i = 0; i < sim_thread_count(); i++) {
        if (sim_thread_time_out((first + i) % sim_thread_count())) {
            return true;
        }
    }
    return sim_server_time_out(true);
}

/* false: nobody can go on. */
static bool
do_step(void) {
    int found[SIM_THREADS_MAX + SIM_SESSIONS_MAX];
    int sessions = sim_server_runnable(found);
    int count = sessions;
    for (int i = 0; i < sim_thread_count(); i++) {
        if (sim_thread_is_runnable(i)) {
            found[count++] = i;
        }
    }
    if (count == 0) {
        return pass_time();
    }
    if (sim_one_in(&sim_random, 200)) {
        (void)sim_server_time_out(false);
        return true;
    }
    int at = sim_below(&sim_random, count);
    if (at < sessions) {
        sim_server_step(found[at]);
    } else {
        sim_thread_run(found[at]);
    }
    return true;
}

static void
run_steps(struct faults *faults) {
    while (!sim_has_failed() && !(sim_client_has_finished() && sim_clients_are_gone())) {
        if (sim_clients_alive() == 0 && !sim_client_has_finished() && sim_client_start() == NULL) {
            sim_fail("no client comes to the end");
        }
        if (faults->left > 0 && sim_one_in(&sim_random, faults->one_in)) {
            do_fault(faults);
        }
        if (++steps > STEPS_MAX) {
            sim_fail("it does not end");
        } else if (!do_step()) {
            sim_fail("nobody can go on");
        }
    }
}

/* Which history, and what of it. */
struct subject {
    uint64_t seed, number;
    int keep;         /* transactions; 0: all */
    uint64_t variant; /* of the steps; 0: as the history is first run */
};

static bool
run_history(const struct subject *subject) {
    static struct sim_history history;
    static const int ONE_IN[] = {20, 60, 150, 400};
    failure[0] = '\0';
    steps = 0;
    sim_random.state = subject->seed * UINT64_C(0xD1342543DE82EF95) + subject->number;
    (void)sim_random_next(&sim_random);
    sim_history = &history;
    bs_arena_reset(&sim_arena);
    sim_history_make(&history, &sim_random);
    if (subject->keep > 0 && subject->keep < history.count) {
        sim_history_cut(&history, subject->keep);
    }
    sim_random.state += subject->variant * UINT64_C(0xA0761D6478BD642F);
    if (sim_traces) {
        sim_history_print(&history);
    }
    sim_threads_reset();
    sim_clients_reset();
    sim_bug_reset();
    sim_server_reset(&history.first, history.first_file, history.first_pos);
    struct faults faults = {sim_below(&sim_random, 5), ONE_IN[sim_below(&sim_random, 4)]};
    run_steps(&faults);
    if (!sim_has_failed()) {
        sim_server_settle();
        const char *difference = sim_data_differs(&history.last, sim_server_data());
        if (difference != NULL) {
            sim_fail("%s", difference);
        }
    }
    return !sim_has_failed();
}

static double
cpu_seconds(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct options {
    struct subject subject;
    uint64_t histories;
    double seconds;
    bool has_history, proves, traces;
};

/* Fewer transactions, with the steps drawn anew until it fails again. */
static void
shrink(struct subject *subject) {
    enum { VARIANTS = 400 };
    struct subject smaller = *subject;
    for (int keep = 1; keep <= SIM_TXNS_MAX; keep++) {
        smaller.keep = keep;
        for (smaller.variant = 0; smaller.variant < VARIANTS; smaller.variant++) {
            if (!run_history(&smaller)) {
                *subject = smaller;
                return;
            }
        }
    }
}

static void
show_failure(struct subject subject) {
    printf("seed %" PRIu64 ", history %" PRIu64 ": %s\n", subject.seed, subject.number, failure);
    (void)fflush(stdout);
    shrink(&subject);
    printf("shrunk: --seed %" PRIu64 " --history %" PRIu64 " --keep %d --variant %" PRIu64 "\n\n",
           subject.seed, subject.number, subject.keep, subject.variant);
    sim_traces = true;
    (void)run_history(&subject);
    sim_traces = false;
    (void)fflush(stdout);
}

static int
run_many(const struct options *options) {
    struct subject subject = {.seed = options->subject.seed};
    uint64_t all_steps = 0;
    double begin = cpu_seconds();
    while (subject.number < options->histories && cpu_seconds() - begin < options->seconds) {
        if (!run_history(&subject)) {
            show_failure(subject);
            return 1;
        }
        all_steps += steps;
        subject.number++;
    }
    printf("%" PRIu64 " histories of seed %" PRIu64 " in %.1f s of CPU, %" PRIu64
           " steps: nothing lost, doubled or out of order\n",
           subject.number, subject.seed, cpu_seconds() - begin, all_steps);
    return 0;
}

/* How many histories it takes; 0: too many. In a process of its own: a bug may spoil memory. */
static uint64_t catch (const struct options *options, enum sim_bug bug, char *how, size_t cap) {
    int ends[2];
    uint64_t number = 0;
    (void)fflush(stdout);
    if (pipe(ends) != 0) {
        return 0;
    }
    pid_t child = fork();
    if (child == 0) {
        sim_bug = bug;
        struct subject subject = {.seed = options->subject.seed};
        while (subject.number < options->histories && run_history(&subject)) {
            subject.number++;
        }
        number = subject.number < options->histories ? subject.number + 1 : 0;
        bool told = write(ends[1], &number, sizeof number) == (ssize_t)sizeof number &&
                    write(ends[1], failure, sizeof failure) == (ssize_t)sizeof failure;
        _exit(told ? 0 : 1);
    }
    (void)close(ends[1]);
    how[0] = '\0';
    if (read(ends[0], &number, sizeof number) != (ssize_t)sizeof number ||
        read(ends[0], how, cap) <= 0) {
        number = 0;
        (void)snprintf(how, cap, "the simulation itself crashed");
    }
    (void)close(ends[0]);
    (void)waitpid(child, NULL, 0);
    return number;
}

static int
prove(const struct options *options) {
    int missed = 0;
    for (enum sim_bug bug = SIM_NO_BUG + 1; bug < SIM_BUG_COUNT; bug++) {
        char how[sizeof failure];
        uint64_t number = catch (options, bug, how, sizeof how);
        if (number == 0) {
            printf("%-34s NOT caught in %" PRIu64 " histories %s\n", sim_bug_names[bug],
                   options->histories, how);
            missed++;
        } else {
            printf("%-34s caught by history %" PRIu64 ": %s\n", sim_bug_names[bug], number, how);
        }
    }
    printf("%d of %d seeded bugs caught\n", SIM_BUG_COUNT - 1 - missed, SIM_BUG_COUNT - 1);
    return missed > 0;
}

static int
usage(void) {
    (void)fprintf(stderr, "usage: sim [--seed S] [--histories N] [--seconds CPU] [--bug NAME]\n"
                          "       sim --history K [--keep TRANSACTIONS] [--variant V] [--trace] "
                          "[--seed S] [--bug NAME]\n"
                          "       sim --prove [--seed S] [--histories N]\nbugs:\n");
    for (enum sim_bug bug = SIM_NO_BUG + 1; bug < SIM_BUG_COUNT; bug++) {
        (void)fprintf(stderr, "  %s\n", sim_bug_names[bug]);
    }
    return 2;
}

static bool
set_bug(const char *name) {
    for (enum sim_bug bug = SIM_NO_BUG; bug < SIM_BUG_COUNT; bug++) {
        if (strcmp(name, sim_bug_names[bug]) == 0) {
            sim_bug = bug;
            return true;
        }
    }
    return false;
}

static bool
parse(struct options *options, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--prove") == 0) {
            options->proves = true;
            continue;
        }
        if (strcmp(argv[i], "--trace") == 0) {
            options->traces = true;
            continue;
        }
        i++;
        if (strcmp(argv[i - 1], "--seed") == 0) {
            options->subject.seed = strtoull(value, NULL, 10);
        } else if (strcmp(argv[i - 1], "--histories") == 0) {
            options->histories = strtoull(value, NULL, 10);
        } else if (strcmp(argv[i - 1], "--seconds") == 0) {
            options->seconds = strtod(value, NULL);
        } else if (strcmp(argv[i - 1], "--history") == 0) {
            options->subject.number = strtoull(value, NULL, 10);
            options->has_history = true;
        } else if (strcmp(argv[i - 1], "--keep") == 0) {
            options->subject.keep = (int)strtol(value, NULL, 10);
        } else if (strcmp(argv[i - 1], "--variant") == 0) {
            options->subject.variant = strtoull(value, NULL, 10);
        } else if (strcmp(argv[i - 1], "--bug") != 0 || !set_bug(value)) {
            return false;
        }
    }
    return true;
}

int
main(int argc, char **argv) {
    struct options options = {.subject = {.seed = 1}, .histories = UINT64_MAX, .seconds = 20};
    if (!parse(&options, argc, argv)) {
        return usage();
    }
    /* Bundles' arenas come and go all the time. */
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 26);
    (void)mallopt(M_TRIM_THRESHOLD, 1 << 28);
    bs_log_setup(BS_LOG_ERROR, false);
    if (options.proves) {
        options.histories = options.histories == UINT64_MAX ? 100000 : options.histories;
        return prove(&options);
    }
    if (options.has_history) {
        sim_traces = options.traces;
        bool good = run_history(&options.subject);
        printf("%s\n", good ? "nothing lost, doubled or out of order" : failure);
        return !good;
    }
    return run_many(&options);
}
