"""The two ways in which binstream reaches a server, each through its probe: the stream (src/net) and the SQL session
(src/sql). And MySQL's own client beside them, to compare.

An Outcome is 'plain', 'tls' or 'refused', with what was said."""

import os
import re
import subprocess

from bs_server_fetch import ensure

REFUSED, PLAIN, TLS = 'refused', 'plain', 'tls'


class Outcome:
    def __init__(self, kind, text):
        self.kind, self.text = kind, text


def _run(argv, env=None):
    done = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True, errors='replace', timeout=120)
    assert not re.search('Sanitizer|runtime error:', done.stdout), done.stdout
    return done.returncode, done.stdout


class Halves:
    def __init__(self, stream_probe, sql_probe):
        self.programs = {'stream': stream_probe, 'sql': sql_probe}
        # Else it is MariaDB's Connector/C.
        libraries = _run(['ldd', sql_probe])[1]
        self.has_libmysqlclient = 'libmysqlclient' in libraries
        self.connector_c = None if self.has_libmysqlclient else self._version_of(libraries)

    @staticmethod
    def _version_of(libraries):
        """(3, 3, 14) of the Connector/C that these lines of ldd name."""
        path = re.search(r'libmariadb\S* => (\S+)', libraries).group(1)
        with open(path, 'rb') as handle:
            found = re.search(rb'\0(3)\.(\d+)\.(\d+)\0', handle.read())
        return tuple(int(part) for part in found.groups())

    def each(self, uri):
        return {which: getattr(self, which)(uri) for which in self.programs}

    def stream(self, uri):
        _, text = _run([self.programs['stream'], uri, '--debug', '1', '--stop-events', '1'])
        if not re.search('^connected ', text, re.M):
            assert re.search('^(failed|refused) ', text, re.M), text
            return Outcome(REFUSED, text)
        version = re.search(r'logged in to .*, (no TLS|TLSv[0-9.]+)$', text, re.M).group(1)
        return Outcome(PLAIN if version == 'no TLS' else TLS, text)

    def sql(self, uri):
        code, text = _run([self.programs['sql'], uri, 'query', "SHOW SESSION STATUS LIKE 'Ssl_version'"])
        if code != 0:
            assert text.startswith('ERROR '), text
            return Outcome(REFUSED, text)
        return Outcome(TLS if re.search(r'^Ssl_version\|TLSv', text, re.M) else PLAIN, text)


class MySQLClient:
    """The program `mysql` that comes with MySQL 9.7."""

    def __init__(self):
        install = ensure('mysql-9.7')
        self.argv, self.env = install.command('client')
        self.plugins = os.path.join(install.tree, 'usr/lib/mysql/plugin')  # mysql_native_password is in there

    def connect(self, host, port, *options):
        argv = self.argv + ['--no-defaults', '--plugin-dir=' + self.plugins, '--protocol=tcp', '--user=root']
        argv += ['--host=' + host, '--port=%d' % port, '--skip-column-names', '-e', "SHOW SESSION STATUS LIKE 'Ssl_version'"]
        code, text = _run(argv + list(options), self.env)
        if code != 0:
            assert 'ERROR 2026' in text, 'refused for another reason than TLS: ' + text
            return Outcome(REFUSED, text)
        return Outcome(TLS if 'TLSv' in text else PLAIN, text)
