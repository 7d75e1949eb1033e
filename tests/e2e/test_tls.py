"""Every ssl-mode against every kind of certificate: test_tls.py STREAM_PROBE SQL_PROBE SERVER

What is right is asked of MySQL's own client on the spot: both halves of binstream must take or refuse what it takes or
refuses, and speak TLS where it does. What binstream says of a refusal is held against WORDS below."""

import os
import sys
import tempfile

from bs_halves import PLAIN, REFUSED, TLS, Halves, MySQLClient
from bs_servers import Server, flavour, make_tls, require

MODES = (None, 'DISABLED', 'PREFERRED', 'REQUIRED', 'VERIFY_CA', 'VERIFY_IDENTITY')
HERE = '127.0.0.1'


class Kind:
    """A server certificate, what a client may be given as ssl-ca, and under which names it is reached."""

    def __init__(self, name, hosts=(HERE,), **how):
        self.name, self.hosts, self.how = name, hosts, how


KINDS = (
    Kind('right', hosts=(HERE, 'localhost')),
    Kind('self-signed', **{'kind': 'self-signed'}),
    Kind('expired', **{'kind': 'expired'}),
    Kind('wrong host', hosts=(HERE, 'localhost'), **{'make_hosts': ('elsewhere.example',)}),
    # Names in the subject count where the certificate lists no others, but an address there never does.
    Kind('name in the subject', hosts=('localhost', HERE), **{'make_hosts': (), 'common_name': 'localhost'}),
    Kind('address in the subject', **{'make_hosts': (), 'common_name': HERE}),
    Kind('subject right, list wrong', hosts=('localhost',), **{'make_hosts': ('elsewhere.example',), 'common_name': 'localhost'}),
)

# What a refusal must say: of all words of one of the lines, each in the message, the context or the hint.
WORDS = {
    ('self-signed', 'its CA'): ('self-signed', 'ssl-ca'),
    ('expired', 'its CA'): ('expired', 'ssl-mode=REQUIRED'),
    ('right', 'another CA'): ('authority', 'ssl-ca'),
    ('wrong host', 'its CA'): ('not for', HERE, 'ssl-mode=VERIFY_CA'),
    ('TLSv1.1 alone', 'no CA'): ('no TLS version in common', 'leave out tls-version'),
    ('no TLS at all', 'no CA'): ('offers no TLS', 'ssl-mode=PREFERRED'),
    ('no TLS at all', 'another CA'): ('offers no TLS', 'ssl-mode=PREFERRED'),
}


def connector_c_differs(version, kind, host, mode):
    """What a SQL session does with certificates of the right authority where MariaDB's Connector/C differs from MySQL's
    client and cannot be told otherwise; None where it does not. 3.3 takes an address in the subject for a name. 3.4
    compares the name with VERIFY_CA as well, but never that of 127.0.0.1."""
    if version < (3, 4):
        return TLS if (kind, mode) == ('address in the subject', 'VERIFY_IDENTITY') else None
    if host == HERE:
        named = ('right', 'self-signed', 'expired')
        return TLS if mode == 'VERIFY_IDENTITY' and kind not in named else None
    return REFUSED if mode in (None, 'VERIFY_CA') and kind in ('wrong host', 'subject right, list wrong') else None



# All that libmysqlclient says of any certificate, and of a version that it does not know itself.
WORDS_OF_LIBMYSQLCLIENT = ('not trusted', 's_client', HERE)
WORDS_OF_VERSIONS_OF_LIBMYSQLCLIENT = ('refuses tls-version', 'leave out tls-version')


def uri(host, port, mode, ca):
    options = (['ssl-mode=' + mode] if mode else []) + (['ssl-ca=' + ca] if ca else [])
    return 'mysql://root@%s:%d/?%s' % (host, port, '&'.join(options))


def client_options(mode, ca):
    return (['--ssl-mode=' + mode] if mode else []) + (['--ssl-ca=' + ca] if ca else [])


class Matrix:
    def __init__(self, halves, client, folder):
        self.halves, self.client, self.folder = halves, client, folder
        self.stranger = make_tls(os.path.join(folder, 'stranger'))
        self.count = {REFUSED: 0, PLAIN: 0, TLS: 0}
        self.wrong = []

    def run(self, name):
        for number, kind in enumerate(KINDS):
            how = dict(kind.how)
            hosts = how.pop('make_hosts', (HERE, 'localhost'))
            tls = make_tls(os.path.join(self.folder, 'kind-%d' % number), hosts=hosts, **how)
            with Server(name, options=tls.options) as server:
                self.certificate(server, kind, tls)
                if kind.name == 'right':
                    self.versions(server)
            print('%s: compared' % kind.name, flush=True)
        with Server(name, options=['--skip-ssl'] if flavour(name) == 'mariadb' else ['--tls-version=']) as server:
            nothing = Kind('no TLS at all')
            for mode in MODES:
                self.compare(server, nothing, HERE, mode, ('another CA', self.stranger.ca) if mode and mode[0] == 'V' else ('no CA', None))

    def certificate(self, server, kind, tls):
        cas = (('its CA', tls.ca), ('another CA', self.stranger.ca), ('the certificate itself', tls.cert), ('no CA', None))
        for host in kind.hosts:
            for mode in MODES:
                for ca in cas:
                    self.compare(server, kind, host, mode, ca)

    def versions(self, server):
        """None in common: refused by all, with every mode that asks for TLS or tries it."""
        for mode in ('PREFERRED', 'REQUIRED'):
            self.compare(server, Kind('TLSv1.1 alone'), HERE, mode, ('no CA', None), 'tls-version=TLSv1.1')

    def compare(self, server, kind, host, mode, ca, more=None):
        what = '%s, host %s, ssl-mode %s, %s' % (kind.name, host, mode or 'not given', ca[0])
        wanted = self.client.connect(host, server.port, *client_options(mode, ca[1]), *['--' + more] if more else [])
        self.count[wanted.kind] += 1
        address = uri(host, server.port, mode, ca[1]) + ('&' + more if more else '')
        for which, got in self.halves.each(address).items():
            known = None
            if which == 'sql' and ca[0] == 'its CA' and self.halves.connector_c:
                known = connector_c_differs(self.halves.connector_c, kind.name, host, mode)
            if known:
                assert got.kind == known != wanted.kind, '%s: no longer so: %s' % (what, got.text)
                print('known of Connector/C: %s: %s' % (what, known), flush=True)
            elif got.kind != wanted.kind:
                self.wrong.append('%s: %s is %s, mysql is %s:\n  %s  %s' % (what, which, got.kind, wanted.kind, got.text, wanted.text))
            words = WORDS.get((kind.name, ca[0]), ()) if wanted.kind == REFUSED and host == HERE else ()
            if words and which == 'sql' and self.halves.has_libmysqlclient and kind.name != 'no TLS at all':
                words = WORDS_OF_VERSIONS_OF_LIBMYSQLCLIENT if kind.name == 'TLSv1.1 alone' else WORDS_OF_LIBMYSQLCLIENT
            for word in words if got.kind == REFUSED else ():
                if word.lower() not in got.text.lower():
                    self.wrong.append('%s: %s does not say "%s": %s' % (what, which, word, got.text))


def main():
    stream_probe, sql_probe, name = sys.argv[1:4]
    require(name, 'mysql-9.7')
    with tempfile.TemporaryDirectory(prefix='binstream-tls-') as folder:
        matrix = Matrix(Halves(stream_probe, sql_probe), MySQLClient(), folder)
        matrix.run(name)
    print('mysql took %(tls)d over TLS and %(plain)d in the clear, and refused %(refused)d' % matrix.count)
    assert min(matrix.count.values()) > 0, 'each outcome must have come up'
    print('\n'.join(matrix.wrong))
    print('%d differences' % len(matrix.wrong))
    sys.exit(1 if matrix.wrong else 0)


main()
