#include "base/authorities.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* As X509_get_default_cert_file_env() says. */
#define VARIABLE "SSL_CERT_FILE"
static const char NOTHING[] = "/dev/null";
static const char OURS[] = VARIABLE "=/dev/null";

static char *before; /* an entry of environ, or NULL */
static bool is_left_out;

void
bs_authorities_leave_out(void) {
    const char *value = getenv(VARIABLE);
    char *entry = value != NULL ? bs_asprintf(VARIABLE "=%s", value) : NULL;
    is_left_out = setenv(VARIABLE, NOTHING, 1) == 0;
    if (!is_left_out) { /* it stands there as it did */
        free(entry);
        entry = NULL;
    }
    free(before);
    before = entry;
}

bool
bs_authorities_is_ours(const char *entry) {
    return is_left_out && strcmp(entry, OURS) == 0;
}

const char *
bs_authorities_before(void) {
    return before;
}
