# The libraries that binstream stands on, each as an interface target.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# Either client library will do: Oracle's libmysqlclient or MariaDB Connector/C.
pkg_check_modules(BS_MYSQL IMPORTED_TARGET mysqlclient)
if(NOT BS_MYSQL_FOUND)
    pkg_check_modules(BS_MYSQL REQUIRED IMPORTED_TARGET libmariadb)
endif()
add_library(bs_mysql_client INTERFACE)
target_link_libraries(bs_mysql_client INTERFACE PkgConfig::BS_MYSQL)

pkg_check_modules(BS_ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(BS_OPENSSL REQUIRED IMPORTED_TARGET openssl)
pkg_check_modules(BS_SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(BS_DEFLATE REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(BS_ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(BS_JANSSON REQUIRED IMPORTED_TARGET jansson)

find_path(BS_EV_INCLUDE ev.h REQUIRED)
find_library(BS_EV_LIBRARY ev REQUIRED)
add_library(bs_ev INTERFACE)
target_include_directories(bs_ev SYSTEM INTERFACE ${BS_EV_INCLUDE})
target_link_libraries(bs_ev INTERFACE ${BS_EV_LIBRARY})
