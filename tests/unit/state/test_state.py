"""The state tables and the fence against a real target server."""

import contextlib
import os
import subprocess
import sys
import threading
import time
import unittest

from bs_servers import Server, require

TOOL = os.environ["STATE_TOOL"]
NAME = sys.argv.pop()


class Tool:
    """One state_tool process: a line in, a line out."""

    def __init__(self, server, task="default", user="root", env=None):
        self.process = subprocess.Popen(
            [TOOL, server.uri(user), task],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ, **(env or {})),
        )
        assert self.answer() == "ok"

    def answer(self):
        return self.process.stdout.readline().strip()

    def send(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, line):
        self.send(line)
        return self.answer()

    def must(self, line):
        answer = self.ask(line)
        assert answer.split()[:1] == ["ok"], "%s: %s" % (line, answer)
        return answer[3:]

    def kill9(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


class StateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(NAME)
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.remove()

    def setUp(self):
        self.tools = []
        self.server.query("DROP DATABASE IF EXISTS binstream")
        self.server.query("DROP DATABASE IF EXISTS shop")
        self.server.query("CREATE DATABASE shop")
        self.server.query("CREATE TABLE shop.t (id INT PRIMARY KEY, v INT)")
        self.server.query("INSERT INTO shop.t VALUES (1, 0)")

    def tearDown(self):
        for tool in self.tools:
            tool.kill9()
            tool.close()

    def tool(self, **settings):
        tool = Tool(self.server, **settings)
        self.tools.append(tool)
        return tool

    def installed(self):
        tool = self.tool()
        tool.must("install")
        tool.must("task")
        return tool

    def value(self):
        return self.server.query("SELECT v FROM shop.t WHERE id=1")[0][0]

    def lane(self):
        return self.server.query("SELECT file, epoch FROM binstream.lane")[0]

    def await_state(self, question, wanted):
        """INNODB_TRX is a copy that servers renew only when nobody has looked for 0.1 s."""
        pause = threading.Event()
        for _ in range(100):
            if self.server.query(question)[0][0] == wanted:
                return
            pause.wait(0.15)
        self.fail("%s did not become %r" % (question, wanted))

    def test_installing_twice_and_every_round_trip(self):
        tool = self.tool()
        tool.must("install")
        tool.must("install")
        tool.must("task")
        for part in ("task", "selection", "requests", "ledger", "models", "intent"):
            tool.must("check-" + part)
        tool.must("delete")
        left = self.server.query("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME='binstream'")
        self.assertEqual(left[0][0], 0)

    def test_installing_from_many_at_once(self):
        tools = [self.tool() for _ in range(4)]
        for tool in tools:
            tool.send("install")
        for tool in tools:
            self.assertEqual(tool.answer(), "ok")

    def test_the_schema_stays_while_another_task_is_in_it(self):
        self.installed()
        other = self.tool(task="other")
        other.must("task")
        other.must("delete")
        self.assertEqual(self.server.query("SELECT task FROM binstream.task"), ((b"default",),))

    def test_a_newer_format_is_refused(self):
        self.installed()
        self.server.query("UPDATE binstream.format SET version=99")
        self.assertIn("error schema", self.tool().ask("install"))

    def test_every_statement_of_a_lane_finds_its_row_by_the_key(self):
        self.installed()
        with contextlib.closing(self.server.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SET NAMES latin1")  # and the literals binary, as those of binstream are
            prefix = "EXPLAIN FORMAT=TRADITIONAL" if NAME == "mysql-9.7" else "EXPLAIN"
            cursor.execute(prefix + " SELECT * FROM binstream.lane WHERE task=_binary'default' AND lane=0")
            row = dict(zip([column[0] for column in cursor.description], cursor.fetchone()))
        self.assertEqual(row["type"], "const")

    def test_a_take_over_raises_the_epoch_and_holds_main(self):
        first = self.installed()
        self.assertEqual(first.must("held"), "0")
        self.assertEqual(first.must("take 5000"), "8")
        self.assertEqual(self.tool().must("held"), "1")
        self.assertEqual(self.lane()[1], 8)
        self.assertEqual(self.tool().ask("epoch 8"), "ok")
        self.assertIn("error fenced", self.tool().ask("epoch 7"))

    def test_a_later_take_over_ends_the_earlier_one(self):
        first = self.installed()
        first.must("take 5000")
        lane = self.tool()
        lane.must("epoch 8")
        lane.must("slot 0")
        second = self.tool()
        self.assertEqual(second.must("take 5000"), "9")
        self.assertIn("error io", first.ask("sql SELECT 1"))
        self.assertIn("error io", lane.ask("sql SELECT 1"))
        replaced = self.tool()
        self.assertIn("error fenced", replaced.ask("retake 8"))
        self.assertEqual(second.ask("held"), "ok 1")
        self.assertEqual(replaced.ask("retake 9"), "ok 10")

    def test_a_slot_is_not_for_an_old_epoch(self):
        """Lanes of two runs that take the task from each other open at the same time: the older ones give up."""
        self.installed().must("take 5000")
        late = self.tool()
        late.must("epoch 8")
        self.tool().must("take 5000")
        self.assertIn("error fenced", late.ask("slot 1"))
        newer = self.tool()
        newer.must("epoch 9")
        newer.send("slot 1")  # which the other session still holds
        self.await_state("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE='User lock'", 1)
        late.kill9()
        self.assertEqual(newer.answer(), "ok")

    def test_a_lane_of_an_old_epoch_writes_nothing(self):
        self.installed()
        lane = self.tool()
        lane.must("epoch 7")
        self.tool().must("take 5000")
        self.assertIn("error fenced", lane.ask("batch UPDATE shop.t SET v=5 WHERE id=1"))
        lane.kill9()
        self.assertEqual(self.value(), 0)

    def test_two_take_overs_at_once_leave_one(self):
        self.installed().close()
        for round_number in range(8):
            tools = [self.tool() for _ in range(3)]
            for tool in tools:
                tool.send("take 5000")
            answers = [tool.answer() for tool in tools]
            alive = [tool for tool in tools if tool.ask("sql SELECT 1") == "ok"]
            holders = self.server.query("SELECT epoch FROM binstream.task")[0][0]
            winners = [
                tool for tool, answer in zip(tools, answers) if answer == "ok %d" % holders and tool in alive
            ]
            self.assertEqual(len(winners), 1, answers)
            for tool, answer in zip(tools, answers):
                if tool not in winners:  # fenced, or killed by the one that came later
                    self.assertTrue(answer.startswith(("error fenced", "error io")) or tool not in alive, answers)
            for tool in tools:
                tool.kill9()
            self.await_state("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND <> 'Daemon'", 1)

    def dead_session_waiting(self, finish):
        """A lane's transaction waits behind a row lock when its process is killed; a take-over comes;
        the row lock goes afterwards. Nothing of that transaction may ever land."""
        first = self.installed()
        first.must("take 5000")
        lane = self.tool()
        lane.must("epoch 8")
        lane.must("slot 0")
        blocker = self.server.connect()
        with blocker.cursor() as cursor:
            cursor.execute("START TRANSACTION")
            cursor.execute("UPDATE shop.t SET v=v+100 WHERE id=1")
            lane.send("rash-batch UPDATE shop.t SET v=v+1 WHERE id=1")
            self.await_state("SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_state='LOCK WAIT'", 1)
            lane.kill9()
            first.kill9()
            second = self.tool()
            self.assertEqual(second.must("take 20000"), "9")
            before = self.lane()
            cursor.execute(finish)
        blocker.close()
        self.await_state("SELECT COUNT(*) FROM information_schema.INNODB_TRX", 0)
        self.assertEqual(self.lane(), before)
        self.assertEqual(before, (b"mariadb-bin.000001", 9))
        self.assertEqual(self.value(), 100 if finish == "COMMIT" else 0)
        third = self.tool()
        third.must("epoch 9")
        third.must("slot 0")
        third.must("batch UPDATE shop.t SET v=v+1 WHERE id=1")
        self.assertEqual(self.lane(), (b"moved", 9))

    def test_a_dead_transaction_never_lands_after_a_rollback(self):
        self.dead_session_waiting("ROLLBACK")

    def test_a_dead_transaction_never_lands_after_a_commit(self):
        self.dead_session_waiting("COMMIT")

    def test_a_rollback_is_waited_for_however_long_it_takes(self):
        """Its session was killed, and goes when its rows are back as they were."""
        first = self.installed()
        first.must("take 5000")
        self.server.query("CREATE TABLE shop.many (id BIGINT PRIMARY KEY AUTO_INCREMENT, a BIGINT, b BIGINT, KEY (a), KEY (b))")
        self.server.query("INSERT INTO shop.many (a, b) VALUES (1, 2)")
        for _ in range(16):
            self.server.query("INSERT INTO shop.many (a, b) SELECT a + RAND() * 10000000, b + RAND() * 10000000 FROM shop.many")
        lane = self.tool()
        lane.must("epoch 8")
        lane.must("slot 0")
        lane.must("sql START TRANSACTION")
        for _ in range(2):
            lane.must("sql UPDATE shop.many SET a=a+RAND()*1000000, b=b+RAND()*1000000")
        first.kill9()
        began = time.monotonic()
        self.assertEqual(self.tool().must("take 30"), "9")
        self.assertGreater(time.monotonic() - began, 0.1)  # else nothing was there to be outwaited
        self.await_state("SELECT COUNT(*) FROM information_schema.INNODB_TRX", 0)  # what it shows is up to 100 ms old
        self.server.query("DROP TABLE shop.many")

    def test_a_take_over_that_dies_leaves_the_task_to_the_next(self):
        self.installed().close()
        for point, epoch in (("takeover-killed", 7), ("takeover-locked", 7), ("takeover-epoch-raised", 10)):  # each claimed a number
            tool = self.tool(env={"BINSTREAM_FAULT": point})
            tool.send("take 5000")
            tool.process.wait()
            self.assertEqual(tool.process.returncode, -9, point)
            self.assertEqual(self.server.query("SELECT epoch FROM binstream.task")[0][0], epoch)
        self.assertEqual(self.tool().must("take 5000"), "11")

    def test_a_kill_that_is_denied_names_the_connection_and_the_grant(self):
        first = self.installed()
        first.must("take 5000")
        self.server.query("CREATE USER 'small'@'%' IDENTIFIED BY ''")
        self.server.query("GRANT ALL ON binstream.* TO 'small'@'%'")
        try:
            answer = self.tool(user="small").ask("take 2000")
            self.assertIn("error server", answer)
            self.assertIn("connection %s" % first.must("id"), answer)
            self.assertIn("GRANT CONNECTION_ADMIN", answer)
            self.assertEqual(first.ask("sql SELECT 1"), "ok")
        finally:
            self.server.query("DROP USER 'small'@'%'")


if __name__ == "__main__":
    require(NAME)
    unittest.main(verbosity=2)
