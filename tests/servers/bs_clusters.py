"""Starts clusters of real servers for tests: Galera of MariaDB, Group Replication of MySQL.

    from bs_clusters import Galera, GroupReplication

    Galera.require()
    with Galera(2) as cluster:
        cluster.nodes[0].query("CREATE DATABASE shop")
        cluster.nodes[1].kill9()
        cluster.rejoin(1)

Each node is a Server, see bs_servers.py, and everything is on loopback.
"""

import os
import shutil
import sys
import tempfile
import time
import uuid

import bs_server_fetch
from bs_server_install import Unavailable
from bs_servers import SKIPPED, Server, ServerError, _Port, require

HERE = os.path.dirname(os.path.abspath(__file__))
JOIN_TIMEOUT_S = 90


class Cluster:
    """What both kinds have in common. size: nodes at the start; options: for every node."""

    server = None

    def __init__(self, size=2, options=(), dir=None):
        self.dir = os.path.abspath(dir or tempfile.mkdtemp(prefix="binstream-cluster-"))
        os.makedirs(self.dir, exist_ok=True)
        self.ports, self.nodes = [], []
        try:
            self.nodes = [self._make_node(number, list(options)) for number in range(size)]
            for number in range(size):
                self._join(number, is_first=number == 0)
        except BaseException:
            self.remove()
            raise

    @classmethod
    def require(cls):
        """Ends the process as a skipped test when this kind of cluster cannot be had."""
        require(cls.server)
        try:
            cls.find()
        except Unavailable as error:
            print("SKIPPED: %s: %s" % (cls.__name__, error), flush=True)
            sys.exit(SKIPPED)

    def _reserve(self):
        self.ports.append(_Port())
        return self.ports[-1].number

    def rejoin(self, number):
        """Starts a node that was stopped or killed, and waits until it is a member again."""
        self._join(number, is_first=not any(node.is_running() for node in self.nodes))

    def _await(self, what, condition, node, timeout=JOIN_TIMEOUT_S):
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline or not node.is_running():
                raise ServerError("%s did not come; the end of the log:\n%s" % (what, node.log_tail()))
            time.sleep(0.05)

    def remove(self):
        for node in self.nodes:
            node.remove()
        for port in self.ports:
            port.release()
        if not os.environ.get("BINSTREAM_KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.remove()


class Galera(Cluster):
    """Whoever is left goes on, as nothing on loopback can part two nodes that live; with_quorum: as in earnest, where one of
    two that loses the other takes no writes (error 1047)."""

    server = "mariadb-10.11"

    def __init__(self, size=2, options=(), dir=None, with_quorum=False):
        self.quorum = [] if with_quorum else ["pc.ignore_quorum=true", "pc.ignore_sb=true"]
        super().__init__(size, options, dir)

    @classmethod
    def find(cls):
        return bs_server_fetch.ensure_galera(cls.server)

    def _make_node(self, number, options):
        group, transfer = self._reserve(), self._reserve()
        self.group_ports = getattr(self, "group_ports", []) + [group]
        # A node that was killed is given up after some seconds; one that waits for its processor is not.
        provider = ["gmcast.listen_addr=tcp://127.0.0.1:%d" % group, "ist.recv_addr=127.0.0.1:%d" % transfer,
                    "gcache.size=16M", *self.quorum, "evs.keepalive_period=PT0.2S", "evs.suspect_timeout=PT4S",
                    "evs.inactive_timeout=PT12S", "evs.inactive_check_period=PT0.2S"]
        node = Server(self.server, dir=os.path.join(self.dir, "node%d" % number), options=[
            "--wsrep-on=ON", "--wsrep-provider=" + self.find(), "--wsrep-cluster-name=test",
            "--wsrep-node-name=node%d" % number, "--wsrep-node-address=127.0.0.1:%d" % group,
            "--wsrep-provider-options=" + ";".join(provider), "--wsrep-sst-method=copy",
            "--wsrep-sst-receive-address=127.0.0.1:%d" % transfer, "--innodb-autoinc-lock-mode=2", *options])
        node.environment = {"PATH": HERE + os.pathsep + os.environ.get("PATH", os.defpath)}
        return node

    def _join(self, number, is_first):
        node = self.nodes[number]
        others = ",".join("127.0.0.1:%d" % port for port in self.group_ports)
        if is_first:
            self._allow_bootstrap(node)
            node.start("--wsrep-new-cluster", "--wsrep-cluster-address=gcomm://" + others)
        else:
            node.start("--wsrep-cluster-address=gcomm://" + others)
        self._await("node %d in the cluster" % number, lambda: self.state(number) == "Synced", node)

    @staticmethod
    def _allow_bootstrap(node):
        """A node that was killed does not know whether it was the last one; a test knows."""
        path = os.path.join(node.datadir, "grastate.dat")
        if os.path.exists(path):
            with open(path) as handle:
                text = handle.read()
            with open(path, "w") as handle:
                handle.write(text.replace("safe_to_bootstrap: 0", "safe_to_bootstrap: 1"))

    def state(self, number):
        """'Synced', 'Donor/Desynced', ...; '' while the node does not answer."""
        try:
            return self.nodes[number].query("SHOW STATUS LIKE 'wsrep_local_state_comment'")[0][1]
        except Exception:
            return ""


class GroupReplication(Cluster):
    """Of two members neither takes writes once the other was killed: tests that kill one need three."""

    server = "mysql-9.7"

    @classmethod
    def find(cls):
        install = bs_server_fetch.ensure(cls.server)
        for option in install.path_options():
            if option.startswith("--plugin-dir="):
                path = os.path.join(option.partition("=")[2], "group_replication.so")
                if os.path.exists(path):
                    return path
        raise Unavailable("%s came without group_replication.so" % cls.server)

    def __init__(self, size=2, options=(), dir=None, multi_primary=False):
        self.group_name = str(uuid.uuid4())
        self.multi_primary = multi_primary
        super().__init__(size, options, dir)

    def _make_node(self, number, options):
        self.group_ports = getattr(self, "group_ports", []) + [self._reserve()]
        node = Server(self.server, dir=os.path.join(self.dir, "node%d" % number), options=[])
        node.options = [
            "--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--plugin-load-add=group_replication.so",
            "--report-host=127.0.0.1", "--report-port=%d" % node.port,
            "--loose-group-replication-group-name=" + self.group_name,
            "--loose-group-replication-start-on-boot=OFF", "--loose-group-replication-recovery-get-public-key=ON",
            "--loose-group-replication-local-address=127.0.0.1:%d" % self.group_ports[number],
            "--loose-group-replication-single-primary-mode=" + ("OFF" if self.multi_primary else "ON"),
            "--loose-group-replication-enforce-update-everywhere-checks=" + ("ON" if self.multi_primary else "OFF"),
            "--loose-group-replication-member-expel-timeout=0", *options]
        return node

    def _join(self, number, is_first):
        node = self.nodes[number]
        seeds = ",".join("127.0.0.1:%d" % port for port in self.group_ports)
        if not node.is_running():
            node.start("--loose-group-replication-group-seeds=" + seeds)
        if not os.path.exists(os.path.join(node.dir, "channel")):
            # What the template's making has logged is the same everywhere and must not look like a change of its own.
            node.query("RESET BINARY LOGS AND GTIDS")
            node.query("CHANGE REPLICATION SOURCE TO SOURCE_USER='root' FOR CHANNEL 'group_replication_recovery'")
            open(os.path.join(node.dir, "channel"), "w").close()
        if is_first:
            node.query("SET GLOBAL group_replication_bootstrap_group=ON")
        node.query("START GROUP_REPLICATION")
        if is_first:
            node.query("SET GLOBAL group_replication_bootstrap_group=OFF")
        self._await("member %d in the group" % number, lambda: self.state(number) == "ONLINE", node)

    def state(self, number):
        """'ONLINE', 'RECOVERING', 'ERROR', ...; '' while the member does not answer."""
        try:
            return self.nodes[number].query(
                "SELECT MEMBER_STATE FROM performance_schema.replication_group_members WHERE MEMBER_ID=@@server_uuid")[0][0]
        except Exception:
            return ""

    def primary(self):
        """The member that takes writes, by its number; None while there is none."""
        for number, node in enumerate(self.nodes):
            if node.is_running() and self.state(number) == "ONLINE" and node.query("SELECT @@super_read_only")[0][0] == 0:
                return number
        return None
