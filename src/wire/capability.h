/* Capability bits of the login (field guide 1.3). */
#ifndef BS_WIRE_CAPABILITY_H
#define BS_WIRE_CAPABILITY_H

#define BS_CAP_LONG_PASSWORD (UINT32_C(1) << 0) /* MariaDB clears it to offer its extensions */
#define BS_CAP_LONG_FLAG (UINT32_C(1) << 2)
#define BS_CAP_COMPRESS (UINT32_C(1) << 5)
#define BS_CAP_PROTOCOL_41 (UINT32_C(1) << 9)
#define BS_CAP_SSL (UINT32_C(1) << 11)
#define BS_CAP_TRANSACTIONS (UINT32_C(1) << 13)
#define BS_CAP_SECURE_CONNECTION (UINT32_C(1) << 15)
#define BS_CAP_PLUGIN_AUTH (UINT32_C(1) << 19)
#define BS_CAP_CONNECT_ATTRS (UINT32_C(1) << 20)
#define BS_CAP_LENENC_AUTH (UINT32_C(1) << 21)
#define BS_CAP_ZSTD (UINT32_C(1) << 26)

#endif
