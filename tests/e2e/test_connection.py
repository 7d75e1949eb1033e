"""The connection to the source and the target: every way to log in, TLS modes, compression, and the faults of networks
and servers, after each of which the target must end equal."""

import argparse
import os
import signal
import subprocess
import tempfile
import threading

import bs_harness
from bs_harness import say
from bs_proxy import Damage, Proxy
from bs_server_fetch import ensure_plugins
from bs_server_install import Unavailable
from bs_servers import flavour, make_client_cert, make_tls


def speaks_ed25519():
    """MariaDB Connector/C does, Oracle's libmysqlclient never."""
    libraries = subprocess.run(['ldd', bs_harness.BINSTREAM], stdout=subprocess.PIPE, universal_newlines=True, check=True).stdout
    return 'libmysqlclient' not in libraries


class Connections:
    def __init__(self, pair, tls, stranger):
        self.pair, self.tls, self.stranger = pair, tls, stranger
        self.mysql9 = pair.names[0] == 'mysql-9.7'
        self.mariadb = flavour(pair.names[0]) == 'mariadb'

    def source_uri(self, options='', login='root', port=None):
        return 'mysql://%s@127.0.0.1:%d/%s' % (login, port or self.pair.source.port, '?' + options if options else '')

    def goes(self, what, **uri):
        """follow reaches the source's end through this URI: the stream and the queries both."""
        self.pair.mark()
        self.pair.follow(source=self.source_uri(**uri))
        newest = self.pair.target.query('SELECT MAX(n) FROM lab.sentinel')[0][0]
        assert newest == self.pair._sentinel, '%s: the mark has not arrived' % what
        say('works: ' + what)

    def fails(self, what, *words, **uri):
        process = self.pair.run('follow', '--until-caught-up', source=self.source_uri(**uri), expect=(1,), timeout=60)
        text = (process.out + process.err).lower()
        assert not words or any(word in text for word in words), text
        say('refused: %s: %s' % (what, process.err.strip().splitlines()[-1][:140]))

    def reads_no_authorities(self):
        """Those of the system are many, and nothing is held against them: whoever opened this file for them would hang."""
        nobody_writes = os.path.join(self.pair.dir, 'authorities')
        os.mkfifo(nobody_writes)
        self.pair.mark()
        self.pair.follow(source=self.source_uri('ssl-mode=REQUIRED'), env={'SSL_CERT_FILE': nobody_writes}, timeout=60)
        say('the system\'s certificate authorities are not read')

    def tls_modes(self):
        self.goes('ssl-mode=DISABLED', options='ssl-mode=DISABLED')
        self.goes('ssl-mode=PREFERRED', options='ssl-mode=PREFERRED')
        if self.tls is None:
            return
        self.goes('ssl-mode=REQUIRED', options='ssl-mode=REQUIRED')
        self.reads_no_authorities()
        for mode in ('VERIFY_CA', 'VERIFY_IDENTITY'):
            self.goes('ssl-mode=%s with the right CA' % mode, options='ssl-mode=%s&ssl-ca=%s' % (mode, self.tls.ca))
            self.fails('ssl-mode=%s with another CA' % mode, 'certificate', 'ssl', 'tls', options='ssl-mode=%s&ssl-ca=%s' % (mode, self.stranger.ca))
        self._create('tls_only', 'pw', require='REQUIRE SSL' if self.mysql9 or self.mariadb else '')
        if not self.mysql9 and not self.mariadb:  # 5.6 takes it in GRANT only
            self.pair.source.query("GRANT USAGE ON *.* TO tls_only@'%' REQUIRE SSL")
        self.goes('an account with REQUIRE SSL', login='tls_only:pw', options='ssl-mode=REQUIRED')
        self.fails('an account with REQUIRE SSL, without TLS', login='tls_only:pw', options='ssl-mode=DISABLED')

        make_client_cert(self.tls)
        own = 'ssl-cert=%s&ssl-key=%s' % (self.tls.client_cert, self.tls.client_key)
        self._create('certified', 'pw', require='REQUIRE X509')
        self.goes('an account with REQUIRE X509', login='certified:pw', options='ssl-mode=REQUIRED&' + own)
        self.fails('an account with REQUIRE X509, without a certificate', 'ssl-cert', login='certified:pw', options='ssl-mode=REQUIRED')

    def _create(self, name, password, plugin=None, require=''):
        how = "IDENTIFIED BY '%s'" % password if plugin is None else plugin
        self.pair.source.query("CREATE USER %s@'%%' %s %s" % (name, how, require))
        self.pair.source.query("GRANT ALL ON *.* TO %s@'%%'" % name)

    def logins(self):
        self._create('native' if not self.mysql9 else 'plain', 'p w')
        self.goes('a password', login=('native' if not self.mysql9 else 'plain') + ':p%20w')
        if self.mysql9:
            self._caching_sha2()
        if plugins_of(self.pair.names[0]):
            self.pair.source.query("INSTALL SONAME 'auth_ed25519'")
            self._create('signer', None, "IDENTIFIED VIA ed25519 USING PASSWORD('p w')")
            if speaks_ed25519():
                self.goes('ed25519', login='signer:p%20w')
            else:
                self.fails('ed25519, which the real libmysqlclient lacks', 'client_ed25519.so', login='signer:p%20w')
        long_password = 'x' * 70
        self._create('long_one', long_password)
        self.goes('a password of 70 bytes', login='long_one:' + long_password)

    def _caching_sha2(self):
        """FLUSH PRIVILEGES empties the server's cache, so that the next login takes the full path."""
        for what, options in (('over TLS', 'ssl-mode=REQUIRED'), ('by the RSA key', 'ssl-mode=DISABLED')):
            self.pair.source.query('FLUSH PRIVILEGES')
            self.goes('caching_sha2_password, full path ' + what, login='plain:p%20w', options=options)
            self.goes('caching_sha2_password, fast path ' + what, login='plain:p%20w', options=options)
        if self._has_plugin('sha256_password'):
            self._create('sha256', 'pw', "IDENTIFIED WITH sha256_password BY 'pw'")
            self.goes('sha256_password over TLS', login='sha256:pw', options='ssl-mode=REQUIRED')
            self.goes('sha256_password by the RSA key', login='sha256:pw', options='ssl-mode=DISABLED')
        self.pair.source.query("CREATE USER open_door@'%' IDENTIFIED BY ''")
        self.pair.source.query("GRANT ALL ON *.* TO open_door@'%'")
        self.goes('an empty password', login='open_door')

    def _has_plugin(self, name):
        return bool(self.pair.source.query("SELECT 1 FROM information_schema.plugins WHERE plugin_name = '%s'" % name))

    def compression(self):
        self.pair.source.query('REPLACE INTO `types`.big VALUES (4, REPEAT(0x00ff5c, 3000000), REPEAT(UUID(), 20000))')
        self.goes('compress=zlib', options='compress=zlib&ssl-mode=DISABLED')
        if self.mysql9:
            self.goes('compress=zstd', options='compress=zstd&ssl-mode=DISABLED')
        if self.tls is not None:
            self.goes('compress=zlib over TLS', options='compress=zlib&ssl-mode=REQUIRED')

    # ---- faults ----------------------------------------------------------------------------------------------------

    def network(self):
        """Cut, broken within an event, refused for a while, and silent: follow reconnects by itself each time."""
        with Proxy(self.pair.source.port) as proxy:
            follow = self.pair.follow_start('--until-cutover', source=self.source_uri('ssl-mode=DISABLED', port=proxy.port))
            self.pair.wait_applied(follow)
            for _ in range(3):
                proxy.cut()
                self.pair.wait_applied(follow)
            say('reconnected after each of 3 cuts')
            proxy.damage = Damage('break')
            self.pair.wait_until(proxy.damage.done.is_set, 'an event to break', follow=follow)
            self.pair.wait_applied(follow)
            say('reconnected after a connection that ended within an event')
            proxy.refuse(True)
            proxy.cut()
            threading.Timer(3, proxy.refuse, (False,)).start()
            self.pair.wait_applied(follow)
            say('reconnected after 3 s of refusals')
            proxy.refuse(True, but_first=1)
            proxy.cut()
            threading.Timer(3, proxy.refuse, (False,)).start()
            self.pair.wait_applied(follow)
            say('reconnected after 3 s in which only the first connection came through')
            # The server may be stuck writing to the dead connection: it must not make the new one wait for that.
            proxy.stall()
            say('noticed a half-open connection after %.1f s' % self.pair.wait_applied(follow, timeout=90))
            follow.kill9()

    def source_crash(self):
        follow = self.pair.follow_start('--until-cutover')
        self.pair.wait_applied(follow)
        self.pair.source.kill9()
        self.pair.source.start()
        self.pair.wait_applied(follow)
        say('the source was killed and restarted: follow went on')
        self.pair.source.restart()
        self.pair.wait_applied(follow)
        say('the source was shut down and restarted: follow went on')
        follow.kill9()

    def target_crash(self):
        """With commits lost that were acknowledged but not flushed it would be another test: here the target loses none,
        as its log is written at each commit and the system stays up."""
        for _ in range(3):
            follow = self.pair.follow_start('--until-cutover')
            self.pair.wait_applied(follow)
            self.pair.target.kill9()
            self.pair.target.start()
            if not follow.running:
                say('the target was killed: follow ended with %d and is run again' % follow.code)
                assert follow.code != 0
                follow = self.pair.follow_start('--until-cutover')
            try:
                self.pair.wait_applied(follow)
            except AssertionError:
                if follow.running:
                    raise
                assert follow.code not in (0, -11, -6), follow.tail()
                say('the target was killed: follow ended with %d and is run again' % follow.code)
                follow = self.pair.follow_start('--until-cutover')
                self.pair.wait_applied(follow)
            follow.kill9()
        say('the target was killed 3 times')

    def target_takes_no_writes(self):
        """While it stays up, as in a planned failover. An account that may write all the same would not notice."""
        target = self.pair.target
        target.query("CREATE USER mover@'%' IDENTIFIED BY 'm'")
        target.query("GRANT ALL ON *.* TO mover@'%'")
        target.query("REVOKE %s ON *.* FROM mover@'%%'" % ('SUPER, READ_ONLY ADMIN' if self.mariadb else 'SUPER, CONNECTION_ADMIN' if self.mysql9 else 'SUPER'))
        self.pair.follow()  # so that no session of root is left, which this account could not end
        follow = self.pair.follow_start('--until-cutover', '--target=mysql://mover:m@127.0.0.1:%d/' % target.port)
        for setting in ['read_only'] + ['offline_mode'] * self.mysql9:
            self.pair.wait_applied(follow)
            tries = follow.err.count('not back yet')
            target.query('SET GLOBAL %s=1' % setting)
            mark = self.pair.mark()
            self.pair.wait_until(lambda: follow.err.count('not back yet') > tries + 1, 'follow to wait for the target', follow=follow)
            target.query('SET GLOBAL %s=0' % setting)
            self.pair.wait_mark(mark, follow)
            say('%s on the target: follow has waited' % setting)
        follow.signal(signal.SIGTERM)
        assert follow.wait(30) == 6, follow.tail()

    def another_server(self):
        """While following: the address moves to another server. It must not be followed, nor make follow crash."""
        with Proxy(self.pair.source.port) as proxy, self._other() as other:
            other.query('CREATE DATABASE shop')
            other.query('CREATE TABLE shop.swaps (id INT PRIMARY KEY, v INT, w VARCHAR(20))')
            other.query("INSERT INTO shop.swaps VALUES (4711, 4711, 'strange')")
            follow = self.pair.follow_start('--until-cutover', source=self.source_uri('ssl-mode=DISABLED', port=proxy.port))
            self.pair.wait_applied(follow)
            proxy.backend = other.port
            proxy.cut()
            assert follow.wait(120) == 5, follow.tail()
            assert 'another server' in follow.err and str(other.port) in follow.err, follow.tail()
            say('another server behind the same address: ' + follow.err.strip().splitlines()[-1][:160])
        assert self.pair.target.query('SELECT COUNT(*) FROM shop.swaps WHERE id = 4711')[0][0] == 0

    def _other(self):
        return bs_harness.Server(self.pair.names[0], options=bs_harness.SOURCE + bs_harness.gtid_options(self.pair.names[0], self.pair.gtid))


def plugins_of(name):
    """Options with which a server has its login plugins; none when they cannot be had."""
    if flavour(name) != 'mariadb':
        return []
    try:
        return ['--plugin-dir=' + ensure_plugins(name)]
    except Unavailable as error:
        say('SKIPPED: plugins of %s: %s' % (name, error))
        return []


def test(options):
    with tempfile.TemporaryDirectory(prefix='binstream-tls-') as folder:
        has_tls = not options.pair.startswith('mysql-5.6') or options.tls
        tls = make_tls(folder + '/right') if has_tls else None
        stranger = make_tls(folder + '/stranger') if has_tls else None
        source_options = (list(tls.options) if tls else []) + plugins_of(options.pair.partition(':')[0])
        with bs_harness.pair_of(options, source_options=source_options) as pair:
            writers = pair.writers(count=2, pace=0.03, reconnect=True).start()
            pair.snapshot()
            connections = Connections(pair, tls, stranger)
            connections.tls_modes()
            connections.logins()
            connections.compression()
            connections.network()
            connections.source_crash()
            connections.target_crash()
            connections.target_takes_no_writes()
            connections.another_server()
            follow = pair.follow_start('--until-cutover')
            pair.wait_applied(follow)
            writers.wait_for(10)
            pair.cutover(follow=follow)
            pair.stop_actors()
            pair.judge()


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    parser.add_argument('--tls', action='store_true', help='TLS on MySQL 5.6 too')
    options = parser.parse_args()
    bs_harness.main('connection %s gtid %s' % (options.pair, options.gtid), lambda: test(options))
