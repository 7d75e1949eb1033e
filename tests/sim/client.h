/* What seeded bugs ask of the client whose thread is running. */
#ifndef BS_SIM_CLIENT_H
#define BS_SIM_CLIENT_H

#include <stdbool.h>

struct sim_client;
struct bs_applier;

struct bs_applier *sim_client_applier(struct sim_client *client);
bool sim_client_in_ddl(const struct sim_client *client);
bool sim_clients_are_gone(void);

#endif
