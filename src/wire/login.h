/* What the client says between the greeting and the authentication: SSLRequest and the handshake
 * response (field guide 1.4). Pure: builds message bodies, without packet headers. */
#ifndef BS_WIRE_LOGIN_H
#define BS_WIRE_LOGIN_H

#include "base/buf.h"
#include "base/endpoint.h"
#include "wire/greeting.h"

#include <stdbool.h>
#include <stdint.h>

struct bs_login {
    const char *user;
    const char *auth_plugin; /* the one that answer is for */
    struct bs_str answer;    /* raw bytes, may be empty */
    uint32_t capabilities;   /* from bs_login_capabilities */
    uint8_t collation;
};

/* What to ask for, out of what the greeting offers. use_tls adds the SSL bit; compress is taken
 * back to NONE where the server lacks the method (*compress says what is in force). */
uint32_t bs_login_capabilities(const struct bs_greeting *greeting, bool use_tls,
                               enum bs_compress *compress);

/* utf8mb4_general_ci, or utf8_general_ci before MySQL 5.5.3, which has no utf8mb4. */
uint8_t bs_login_collation(const struct bs_greeting *greeting);

void bs_login_write_ssl_request(struct bs_buf *out, uint32_t capabilities, uint8_t collation);
void bs_login_write_response(struct bs_buf *out, const struct bs_login *login);

#endif
