#include "base/fault.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    pthread_once_t once;
    char name[64]; /* "" when no fault is asked for */
    long passes_left;
} fault = {PTHREAD_ONCE_INIT, "", 1};

static void
read_environment(void) {
    const char *text = getenv("BINSTREAM_FAULT");
    if (text == NULL) {
        return;
    }
    (void)snprintf(fault.name, sizeof fault.name, "%s", text);
    char *colon = strchr(fault.name, ':');
    if (colon != NULL) {
        *colon = '\0';
        fault.passes_left = strtol(colon + 1, NULL, 10);
    }
}

bool
bs_fault_is_asked(const char *name) {
    pthread_once(&fault.once, read_environment);
    return fault.name[0] != '\0' && strcmp(name, fault.name) == 0;
}

void
bs_fault_point(const char *name) {
    if (!bs_fault_is_asked(name)) {
        return;
    }
    if (__atomic_sub_fetch(&fault.passes_left, 1, __ATOMIC_SEQ_CST) == 0) {
        fprintf(stderr, "fault point hit: %s\n", name);
        fflush(stderr);
        kill(getpid(), SIGKILL);
    }
}
