"""Every way to log in that binstream has, on both of its ways to a server: test_logins.py STREAM_PROBE SQL_PROBE SERVER

MariaDB's ed25519 and parsec, client certificates, password files and option files (also with the real binary), and
compression. A password must never be seen, in output or in ps. What MySQL's own tool reads in an option file is what
binstream must read."""

import contextlib
import glob
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse

import bs_servers
from bs_halves import PLAIN, REFUSED, TLS, Halves
from bs_server_fetch import ensure, ensure_plugins
from bs_server_install import Unavailable
from bs_servers import Server, flavour, make_client_cert, make_tls, require

BINSTREAM = os.environ['BINSTREAM']
NAME = sys.argv[3]
MARIADB = flavour(NAME) == 'mariadb'
SECRET = 's3cr3t Pa\'ss@:/?%#é"\\'
PASSWORDS = ('simple', SECRET, 'x' * 100, '0')
halves = Halves(sys.argv[1], sys.argv[2])
server = other = tls = folder = None
number = 0


def quoted(password):
    return "'%s'" % password.replace('\\', '\\\\').replace("'", "''")


def account(how, *grants):
    """A new account with every right; how is what stands behind its name."""
    global number
    number += 1
    name = 'u%d' % number
    with contextlib.closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE USER %s@'%%' %s" % (name, how))
        cursor.execute("GRANT ALL ON *.* TO %s@'%%'" % name)
    return name


def uri(user, password=None, options='', host='127.0.0.1'):
    login = user if password is None else user + ':' + urllib.parse.quote(password, safe='')
    return 'mysql://%s@%s:%d/?%s' % (login, host, server.port, options)


def unseen(text):
    assert 's3cr3t' not in text and 's3cr3t' not in urllib.parse.unquote(text), text


def goes(user, password=None, options='', kind=None):
    for which, got in halves.each(uri(user, password, options)).items():
        unseen(got.text)
        assert got.kind != REFUSED and kind in (None, got.kind), '%s %s: %s' % (which, options, got.text)


def fails(user, password, *words, options='', only=('stream', 'sql')):
    for which in only:
        got = getattr(halves, which)(uri(user, password, options))
        unseen(got.text)
        assert got.kind == REFUSED, '%s %s: %s' % (which, options, got.text)
        for word in words:
            assert word.lower() in got.text.lower(), '"%s" is not in what %s says: %s' % (word, which, got.text)


def binstream(verb, *args, code=0, env=None):
    """The real program; what it wrote, after it ended with this code."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith('BINSTREAM_')}
    done = subprocess.run([BINSTREAM, verb, *args], env=dict(clean, **(env or {})), stdin=subprocess.DEVNULL, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, errors='replace')
    unseen(done.stdout)
    assert done.returncode == code, '%s ended with %d: %s' % (verb, done.returncode, done.stdout)
    return done.stdout


def status(*args, **more):
    """The least that needs one server alone; 3: it was reached, and there is no task."""
    return binstream('status', *args, **dict({'code': 3}, **more))


def written(text, mode=0o600, binary=False):
    path = os.path.join(folder, 'file-%d' % time.monotonic_ns())
    with open(path, 'wb') as handle:
        handle.write(text if binary else text.encode())
    os.chmod(path, mode)
    return path


# -- plugins -------------------------------------------------------------------------------------


def client_plugin_is_here(name):
    """Connector/C of this machine has the plugin; libmysqlclient never has MariaDB's."""
    return not halves.has_libmysqlclient and bool(glob.glob('/usr/lib/*/libmariadb3/plugin/%s.so' % name))


def plugin_logs_in(plugin, client_plugin):
    only = ('stream', 'sql') if client_plugin_is_here(client_plugin) else ('stream',)
    if 'sql' not in only and not halves.has_libmysqlclient:  # that one never has it; its refusal is tested below
        print('SKIPPED: SQL sessions with %s: the client library here lacks it' % client_plugin)
    for password in PASSWORDS:
        user = account('IDENTIFIED VIA %s USING PASSWORD(%s)' % (plugin, quoted(password)))
        for mode in ('DISABLED', 'REQUIRED'):
            for which in only:
                # Some scrambles are special: one that ends in a zero byte comes once in 256 times.
                got = getattr(halves, which)(uri(user, password, 'ssl-mode=' + mode))
                unseen(got.text)
                assert got.kind == (PLAIN if mode == 'DISABLED' else TLS), '%s: %s' % (which, got.text)
            fails(user, password + 'x', '1045', 'check user and password', options='ssl-mode=' + mode, only=only)
            fails(user, None, '1045', options='ssl-mode=' + mode, only=only)
    if 'sql' not in only:
        fails(user, password, client_plugin, only=('sql',))


def test_ed25519_logs_in():
    if not MARIADB:
        return 'MariaDB only'
    server.query("INSTALL SONAME 'auth_ed25519'")
    plugin_logs_in('ed25519', 'client_ed25519')


def test_parsec_logs_in():
    if NAME != 'mariadb-11.8':
        return 'MariaDB 11.6 on'
    server.query("INSTALL SONAME 'auth_parsec'")
    plugin_logs_in('parsec', 'parsec')


def test_caching_sha2_and_sha256_log_in_on_each_of_their_ways():
    if NAME != 'mysql-9.7':
        return 'MySQL 8 on'
    plugins = [row[0] for row in server.query("SELECT plugin_name FROM information_schema.plugins WHERE plugin_type='AUTHENTICATION'")]
    for plugin in ('caching_sha2_password', 'sha256_password'):
        if plugin not in plugins:
            print('SKIPPED: %s: the server lacks it' % plugin)
            continue
        user = account('IDENTIFIED WITH %s BY %s' % (plugin, quoted(SECRET)))
        key = 'server-public-key=%s&' % os.path.join(server.datadir, 'public_key.pem')
        for options in ('ssl-mode=DISABLED', key + 'ssl-mode=DISABLED', 'ssl-mode=REQUIRED'):
            for which in ('stream', 'sql'):
                server.query('FLUSH PRIVILEGES')  # empties the cache: the full way is taken, then the short one
                for _ in range(2):
                    got = getattr(halves, which)(uri(user, SECRET, options))
                    unseen(got.text)
                    assert got.kind != REFUSED, '%s %s %s: %s' % (plugin, which, options, got.text)
            fails(user, SECRET + 'x', '1045', options=options)


class Hostile:
    """Greets as MySQL 8 does, without TLS, and then wants another plugin; keeps what it is told."""

    def __init__(self, plugin):
        self.plugin, self.heard = plugin, []
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        capabilities = 0x81A205  # protocol 4.1, secure connection, plugins
        greeting = b'\x0a8.4.0\0' + struct.pack('<I', 7) + b'A' * 8 + b'\0' + struct.pack('<H', capabilities & 0xFFFF) + b'\x2d\x02\0'
        greeting += struct.pack('<H', capabilities >> 16 | 0x8) + b'\x15' + b'\0' * 10 + b'B' * 12 + b'\0mysql_native_password\0'
        with contextlib.suppress(OSError):
            peer, _ = self.listener.accept()
            peer.settimeout(20)
            self._say(peer, 0, greeting)
            self.heard.append(peer.recv(65536))
            self._say(peer, 2, b'\xfe' + self.plugin.encode() + b'\0Password: ')
            self.heard.append(peer.recv(65536))
            peer.close()

    @staticmethod
    def _say(peer, sequence, message):
        peer.sendall(struct.pack('<I', len(message))[:3] + bytes([sequence]) + message)


def test_a_server_that_asks_for_the_password_itself_does_not_get_it():
    for plugin in ('mysql_clear_password', 'dialog'):
        for which in ('stream', 'sql'):
            hostile = Hostile(plugin)
            got = getattr(halves, which)('mysql://u:%s@127.0.0.1:%d/' % (urllib.parse.quote(SECRET, safe=''), hostile.port))
            hostile.listener.close()
            assert got.kind == REFUSED and plugin in got.text, got.text
            unseen(got.text)
            assert hostile.heard and not any(b's3cr3t' in heard for heard in hostile.heard), (which, hostile.heard)


# -- certificates of the client ------------------------------------------------------------------


def own(cert, key, more='ssl-mode=REQUIRED'):
    return '%s&ssl-cert=%s&ssl-key=%s' % (more, cert, key)


def test_a_client_certificate_opens_an_account_that_asks_for_one():
    verify = 'ssl-mode=VERIFY_IDENTITY&ssl-ca=' + tls.ca
    for require_what in ('X509', "SUBJECT '/CN=mover'"):
        user = account('REQUIRE ' + require_what)
        for more in ('ssl-mode=REQUIRED', verify):
            goes(user, options=own(tls.client_cert, tls.client_key, more), kind=TLS)
        fails(user, None, '1045', 'X509 also ssl-cert', options='ssl-mode=REQUIRED')
    other = account("REQUIRE SUBJECT '/CN=somebody else'")
    fails(other, None, '1045', options=own(tls.client_cert, tls.client_key))
    plain = account('REQUIRE SSL')
    goes(plain, options='ssl-mode=REQUIRED', kind=TLS)
    fails(plain, None, '1045' if MARIADB else '', 'ssl-mode=REQUIRED', options='ssl-mode=DISABLED')


def test_a_client_certificate_that_the_server_does_not_know_is_refused_with_a_reason():
    stranger = make_tls(os.path.join(folder, 'stranger'))
    make_client_cert(stranger)
    user = account('REQUIRE X509')
    fails(user, None, 'ssl-cert', 'signed by the authority', options=own(stranger.client_cert, stranger.client_key))
    fails(user, None, 'ssl-cert', 'signed by the authority',
          options=own(stranger.client_cert, stranger.client_key, 'ssl-mode=REQUIRED&tls-version=TLSv1.2'))


def test_files_of_tls_that_do_not_serve_are_named_before_anything_is_reached():
    stranger = make_tls(os.path.join(folder, 'stranger'))
    make_client_cert(stranger)
    locked = os.path.join(folder, 'locked.pem')
    subprocess.run(['openssl', 'rsa', '-aes128', '-passout', 'pass:abcd', '-in', tls.client_key, '-out', locked],
                   stderr=subprocess.DEVNULL, check=True)
    garbage = written('no certificate\n')
    for cert, key, path, word in (
        (tls.client_cert, stranger.client_key, stranger.client_key, 'does not belong'),
        (tls.client_cert, locked, locked, 'passphrase'),
        (garbage, tls.client_key, garbage, 'PEM'),
        (tls.client_cert, garbage, garbage, 'PEM'),
        ('/nonexistent/cert', tls.client_key, '/nonexistent/cert', 'No such file'),
        (tls.client_cert, '/nonexistent/key', '/nonexistent/key', 'No such file'),
    ):
        text = binstream('status', '--target', uri('root', None, own(cert, key)), code=2)
        assert path in text and word in text and 'passphrase for' not in text, text
        assert 'Enter PEM' not in text, text
    if os.geteuid() != 0:
        closed = written(open(tls.client_key).read(), mode=0)
        assert closed in binstream('status', '--target', uri('root', None, own(tls.client_cert, closed)), code=2)
    for ca, word in (('/nonexistent/ca', 'No such file'), (garbage, 'ssl-ca')):
        text = binstream('status', '--target', uri('root', None, 'ssl-ca=' + ca), code=2)
        assert ca in text and word in text, text
    status('--target', uri('root', None, own(tls.client_cert, tls.client_key)))


# -- where passwords come from -------------------------------------------------------------------


def test_a_password_file_opens_the_door_and_is_never_shown():
    user = account('IDENTIFIED BY ' + quoted(SECRET))
    for text in (SECRET, SECRET + '\n', SECRET + '\r\n', SECRET + '\nsecond line\n'):
        text = status('--target', uri(user, None, 'password-file=' + written(text)))
        assert 'WARN' not in text.upper().replace('--log-level', ''), text
    text = status('--target', uri(user, None, 'password-file=' + written(SECRET, mode=0o644)))
    assert 'chmod 600' in text, text
    for text, word in (('', 'empty first line'), ('\n' + SECRET, 'empty first line'), ('s3cr3t\0x', 'zero byte'), ('s3cr3t' * 1000, 'too long')):
        path = written(text)
        said = status('--target', uri(user, None, 'password-file=' + path), code=2)
        assert path in said and word in said, said
    for path, word in (('/nonexistent/secret', 'No such file'), (folder, 'directory')):
        said = status('--target', uri(user, None, 'password-file=' + path), code=2)
        assert path in said and word in said, said
    wrong = status('--target', uri(user, None, 'password-file=' + written('s3cr3t but wrong')), code=1)
    assert '1045' in wrong and user in wrong, wrong


def test_a_password_in_the_uri_does_not_show_in_ps():
    user = account('IDENTIFIED BY ' + quoted(SECRET))
    argv = [BINSTREAM, 'status', '--watch', '--target', uri(user, SECRET)]
    # A task must be there to watch.
    binstream('snapshot', '--source', uri('root'), '--target', 'mysql://root@127.0.0.1:%d/' % other.port, '--databases', 'there')
    argv[-1] = 'mysql://%s:%s@127.0.0.1:%d/' % (user, urllib.parse.quote(SECRET, safe=''), other.port)
    other.query("CREATE USER %s@'%%%%' IDENTIFIED BY %%s" % user, (SECRET,))
    other.query("GRANT ALL ON *.* TO %s@'%%'" % user)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            first = process.stdout.readline().decode('utf-8', 'replace')
            with open('/proc/%d/cmdline' % process.pid, 'rb') as handle:
                shown = handle.read().decode('utf-8', 'replace').replace('\0', ' ')
        finally:
            process.kill()
    assert first and user in shown, (first, shown)
    unseen(first)
    unseen(shown)
    assert urllib.parse.quote(SECRET, safe='') not in shown, shown


def test_an_option_file_says_where_and_who():
    user = account('IDENTIFIED BY ' + quoted(SECRET))
    address = 'host=127.0.0.1\nport=%d\n' % server.port
    escaped = '"%s"' % SECRET.replace('\\', '\\\\').replace('"', '\\"')
    whole = written('[client]\nuser=%s\npassword=%s\n%s' % (user, escaped, address))
    status('--defaults-file', whole)
    # Ours wins over [client], whichever comes first, and the other one's is not ours.
    ours = '[binstream-target]\nuser=%s\npassword=%s\n' % (user, escaped)
    theirs = '[client]\nuser=nobody\npassword=s3cr3t\n%s[binstream-source]\nuser=s3cr3t-source\n[mysqld]\nport=1\n' % address
    status('--defaults-file', written(ours + theirs))
    status('--defaults-file', written(theirs + ours))
    # The URI's address, the file's password.
    status('--defaults-file', whole, '--target', uri(user))
    status('--defaults-file', whole, env={'BINSTREAM_TARGET_PASSWORD': 'wrong'}, code=1)
    status('--defaults-file', written(address + '[binstream-target]\npassword-file=%s\nuser=%s\n' % (written(SECRET), user) + address))
    # TLS: the file's authority is asked, and the wrong one refuses.
    status('--defaults-file', written('[client]\nssl-ca=%s\n' % tls.ca), '--target', uri('root'))
    stranger = make_tls(os.path.join(folder, 'stranger'))
    text = status('--defaults-file', written('[client]\nssl-ca=%s\n' % stranger.ca), '--target', uri('root'), code=1)
    assert 'authority' in text and stranger.ca in text, text
    text = status('--defaults-file', written('[client]\nssl-verify-server-cert\n'), '--target', uri('root'))
    assert 'ssl-verify-server-cert' in text and 'ssl-mode' in text, text


def test_an_option_file_that_does_not_serve_is_refused_with_its_line():
    for text, word in (
        ('[binstream-target]\npasword=s3cr3t\n', ":2: unknown or incomplete option 'pasword'"),
        ('[binstream-target]\npassword s3cr3t\n', ":2: unknown or incomplete option 'password'"),
        ('[binstream-target]\npassword: s3cr3t\n', ":2: unknown or incomplete option 'password'"),
        ('[binstream-target]\nuser=u\npassword\n', ':3: '),
        ('[client]\npassword=%s\n' % ('s3cr3t' * 1000), ':2: the line is longer'),
        ('[client]\nport=s3cr3t\n', 'port'),
        ('[client]\nssl-mode=maybe\n', 'ssl-mode'),
    ):
        path = written(text)
        said = status('--defaults-file', path, '--target', uri('root'), code=2)
        assert word in said, said
    for path, word in (('/nonexistent/my.cnf', 'No such file'), (folder, 'directory')):
        said = status('--defaults-file', path, '--target', uri('root'), code=2)
        assert path in said and word in said, said
    said = status('--defaults-file', written('[client]\nuser=root\n', mode=0o666), '--target', uri('root'))
    assert 'chmod 600' in said, said


VALUES = (
    'plain', 'with space', '"in quotes"', "'single'", '"a#b c"', 'a#b', 'a # b', '"mid"dle', 'x"y"', '"', '""', "'it''s'",
    '"back\\\\slash"', 'back\\\\slash', 'a\\sb', '"a\\tb"', 'a\\qb', '"a\\"b"', "'a\"b'", 'trailing\\', '  spaces  ', '"  kept  "',
    '=a=b', 'p%40ss', 'pä$$w/ord?&=', '"open', "quote'in", 'a;b', '\\"x\\"', '"a" # why', '"a#b"#c',
)


def test_option_files_are_read_as_mysqls_own_tool_reads_them():
    install = ensure('mysql-9.7')
    argv, env = install.command('client')
    argv[-1] = os.path.join(os.path.dirname(argv[-1]), 'my_print_defaults')
    for value in VALUES:
        path = written('[client]\npassword=%s\n' % value)
        done = subprocess.run(argv + ['--defaults-file=' + path, '--show', 'client'], env=env, stdout=subprocess.PIPE, check=True)
        wanted = done.stdout.decode().split('--password=', 1)[1][:-1]
        user = account('IDENTIFIED BY ' + quoted(wanted))
        status('--defaults-file', path, '--target', uri(user))
        if wanted != '':
            status('--defaults-file', written('[client]\npassword="not it"\n'), '--target', uri(user), code=1)


# -- compression ---------------------------------------------------------------------------------


def compression_of(options):
    """What SQL sessions of these options use."""
    argv = [halves.programs['sql'], uri('root', None, options), 'query', "SHOW SESSION STATUS LIKE 'Compression'"]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, check=True)
    return 'Compression|ON' in done.stdout, done.stderr


def test_compression_is_used_or_what_is_used_instead_is_said():
    for mode in ('DISABLED', 'REQUIRED'):
        for method in ('zlib', 'zstd'):
            options = 'compress=%s&ssl-mode=%s' % (method, mode)
            goes('root', options=options)
            on, said = compression_of(options)
            assert on, options
            if method == 'zlib':
                assert 'compression' not in said, said
            elif NAME == 'mysql-9.7' and halves.has_libmysqlclient:
                assert 'compression' not in said, said
            else:
                assert 'zlib, not zstd' in said, said
            text = halves.stream(uri('root', None, options)).text
            assert ('going on without' in text) == (method == 'zstd' and NAME != 'mysql-9.7'), text


def test_the_stream_speaks_zstd_with_a_server_that_has_nothing_else():
    if NAME != 'mysql-9.7':
        return 'MySQL 8.0.18 on'
    server.query("SET GLOBAL protocol_compression_algorithms='zstd'")
    try:
        got = halves.stream(uri('root', None, 'compress=zstd'))
        assert got.kind == TLS, got.text
        got = halves.stream(uri('root', None, 'compress=none'))
        assert got.kind == REFUSED and 'compression' in got.text, got.text
    finally:
        # Over the socket as well nobody gets in without zstd now; a new start forgets it.
        server.restart()


def main():
    global server, tls, folder, other
    require(NAME, 'mysql-9.7')
    chosen = sys.argv[4:]
    tests = [(name, test) for name, test in globals().items() if name.startswith('test_') and (not chosen or name in chosen)]
    bad = []
    with tempfile.TemporaryDirectory(prefix='binstream-logins-') as folder:
        tls = make_tls(os.path.join(folder, 'tls'))
        make_client_cert(tls)
        options = list(tls.options)
        if MARIADB:
            try:
                options.append('--plugin-dir=' + ensure_plugins(NAME))
            except Unavailable as error:
                print('SKIPPED: plugins of %s: %s' % (NAME, error))
                sys.exit(bs_servers.SKIPPED)
        with Server(NAME, options=options) as server, Server(NAME) as other:
            server.query('CREATE DATABASE there')
            server.query('CREATE TABLE there.t (a INT PRIMARY KEY)')
            for name, test in tests:
                began = time.monotonic()
                try:
                    why = test()
                    result = 'ok' if why is None else 'not here: ' + why
                except Exception:
                    result = 'FAILED\n' + traceback.format_exc()
                    bad.append(name)
                print('%5.1f s  %s: %s' % (time.monotonic() - began, name[5:].replace('_', ' '), result), flush=True)
    print('%d tests on %s, %d failed' % (len(tests), NAME, len(bad)))
    sys.exit(1 if bad else 0)


main()
