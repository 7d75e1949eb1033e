#include "cli/cli.h"

int
main(int argc, char **argv) {
    return bs_cli_main(argc, argv);
}
