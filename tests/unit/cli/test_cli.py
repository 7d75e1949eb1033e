"""The command line on real servers: exit codes, reports, and the commands around a task."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import unittest

from bs_servers import Server, gtid_options, require

BINSTREAM = os.environ["BINSTREAM"]
NAME = sys.argv.pop()
SECRET = "S3cr3t-w0rd"


class CliTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.source = cls.stack.enter_context(Server(NAME, options=gtid_options(NAME, True)))
        cls.target = cls.stack.enter_context(Server(NAME, options=gtid_options(NAME, True)))

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    def setUp(self):
        self.source.query("CREATE DATABASE shop")
        self.source.query("CREATE TABLE shop.t (id INT PRIMARY KEY, v INT) ENGINE=InnoDB")
        self.source.query("INSERT INTO shop.t VALUES (1, 1), (2, 2)")
        self.source.query("CREATE VIEW shop.v AS SELECT id FROM shop.t")
        self.processes = []

    def tearDown(self):
        for process in self.processes:
            process.kill()
            process.communicate()
        self.source.query("SET GLOBAL read_only=0")
        for server in (self.source, self.target):
            for name in ("shop", "binstream", "state"):
                server.query("DROP DATABASE IF EXISTS " + name)

    def start(self, verb, *args, source=None, env=None):
        ends = ["--target", self.target.uri()]
        if source is not False and verb in ("check", "snapshot", "follow", "migrate"):
            ends += ["--source", source or self.source.uri()]
        process = subprocess.Popen(
            [BINSTREAM, verb, *ends, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=dict(os.environ, **(env or {})),
        )
        self.processes.append(process)
        return process

    def run_it(self, verb, *args, code=0, **more):
        process = self.start(verb, *args, **more)
        out, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, code, "%s %s\n%s\n%s" % (verb, args, out, err))
        return out if code == 0 else err

    def json(self, verb, *args, **more):
        lines = self.run_it(verb, "--json", *args, **more).splitlines()
        self.assertEqual(len(lines), 1, lines)
        return json.loads(lines[0])

    def await_true(self, what, question):
        pause = threading.Event()
        for _ in range(300):
            if question():
                return
            pause.wait(0.05)
        self.fail(what + " did not come")

    def await_following(self, until):
        self.await_true(
            "the follow",
            lambda: (lambda s: s["running"] and s["phase"] == "following" and s["until"] == until and s["caught_up"])(self.json("status")),
        )

    def follow(self, *args):
        process = self.start("follow", *args)
        self.await_following("cutover" if "--until-cutover" in args else "stopped")
        return process

    # ---- before there is a task --------------------------------------------------------------------------------

    def test_commands_of_a_task_that_is_not_there_say_how_to_begin(self):
        for verb in ("follow", "cutover", "status", "abort", "reset"):
            self.assertIn("binstream snapshot", self.run_it(verb, code=3))

    def test_wrong_usage_is_exit_2_and_touches_nothing(self):
        for args in (["--no-such"], ["extra"], ["--threads=0"], ["--tables=x"], ["--task=a b"], ["--state-schema=mysql"]):
            self.assertIn("error", self.run_it("snapshot", *args, code=2))
        for verb in ("verify", "reverse", "replay", "snapshoot"):
            self.assertIn("unknown command '%s'" % verb, self.run_it(verb, code=2))
        self.run_it("follow", "--until-cutover", "--until-caught-up", code=2)
        self.assertEqual(self.target.query("SHOW DATABASES LIKE 'binstream'"), ())

    def test_an_error_in_json_is_one_object(self):
        error = json.loads(self.run_it("status", "--json", code=3))
        self.assertEqual(error["exit_code"], 3)
        self.assertIn("snapshot", error["what_to_do"])

    # ---- the way -----------------------------------------------------------------------------------------------

    def test_snapshot_follow_cutover_and_what_each_reports(self):
        snapshot = self.json("snapshot")
        self.assertEqual((snapshot["rows"], snapshot["tables"], snapshot["views"]), (2, 1, 1))
        for key in ("bytes", "elapsed_ms", "locked_ms", "file", "pos", "gtid", "consistency", "consistency_reason"):
            self.assertIn(key, snapshot)
        self.assertEqual(self.json("snapshot")["result"], "complete before")
        status = self.json("status")
        self.assertEqual((status["phase"], status["running"], status["rows_copied"]), ("copied", False, 2))
        self.source.query("INSERT INTO shop.t VALUES (3, 3)")
        follow = self.json("follow", "--until-caught-up")
        self.assertEqual((follow["result"], follow["transactions"], follow["rows"]), ("caught-up", 1, 1))
        self.assertIn("no follow", self.run_it("cutover", code=1))
        process = self.follow("--until-cutover", "--json")
        self.source.query("INSERT INTO shop.t VALUES (4, 4)")
        report = self.json("cutover")
        for key in ("freeze_ms", "final_file", "final_pos", "final_gtid", "triggers", "auto_increment",
                    "transactions", "rows", "lag_s"):
            self.assertIn(key, report)
        self.assertEqual(report["result"], "done")
        out, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, err)
        self.assertEqual(json.loads(out)["cutover"], report)
        for line in err.splitlines():
            json.loads(line)
        self.assertEqual(self.target.query("SELECT COUNT(*) FROM shop.t"), ((4,),))
        self.assertEqual(self.json("cutover"), report)
        self.assertEqual(self.json("follow", "--until-cutover")["cutover"], report)
        self.assertIn("--state-only", self.run_it("reset", code=2))
        self.run_it("reset", "--state-only")
        self.assertEqual(self.target.query("SHOW DATABASES LIKE 'binstream'"), ())
        self.assertEqual(self.target.query("SELECT COUNT(*) FROM shop.t"), ((4,),))

    def test_migrate_is_all_of_it_in_one(self):
        process = self.start("migrate", "--json")
        self.await_true("the follow", lambda: self.target.query("SHOW DATABASES LIKE 'binstream'"))
        self.await_true("the task", lambda: self.start("status").wait() == 0)
        self.await_following("cutover")
        self.run_it("cutover", "--freeze=none")
        out, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, err)
        report = json.loads(out)
        self.assertEqual(report["snapshot"]["rows"], 2)
        self.assertEqual(report["follow"]["cutover"]["freeze"], "none")
        self.assertEqual(self.json("migrate")["snapshot"], None)

    def test_a_follow_that_does_not_wait_for_it_is_not_asked_to_cut_over(self):
        self.run_it("snapshot")
        self.follow()
        self.assertIn("--until-cutover", self.run_it("cutover", code=1))

    def test_a_stopped_follow_ends_with_6_and_goes_on_later(self):
        self.run_it("snapshot")
        process = self.follow()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 6, err)
        self.assertIn("stopped by request", err)
        self.run_it("follow", "--until-caught-up")

    def test_cutover_notices_that_the_follow_died(self):
        self.run_it("snapshot")
        follow = self.follow("--until-cutover")
        follow.send_signal(signal.SIGSTOP)
        cutover = self.start("cutover")
        self.await_true("the request", lambda: self.target.query("SELECT id FROM binstream.request WHERE state='asked'"))
        follow.kill()
        out, err = cutover.communicate(timeout=120)
        self.assertEqual(cutover.returncode, 1, out + err)
        self.assertIn("ended before it answered", err)
        self.assertEqual(self.target.query("SELECT state FROM binstream.request"), ((b"answered",),))

    def test_a_cutover_that_is_given_up_takes_its_request_back(self):
        self.run_it("snapshot")
        follow = self.follow("--until-cutover")
        follow.send_signal(signal.SIGSTOP)
        cutover = self.start("cutover")
        self.await_true("the request", lambda: self.target.query("SELECT id FROM binstream.request WHERE state='asked'"))
        cutover.send_signal(signal.SIGINT)
        out, err = cutover.communicate(timeout=120)
        self.assertEqual(cutover.returncode, 6, out + err)
        self.assertEqual(self.target.query("SELECT exit_code FROM binstream.request"), ((6,),))
        follow.send_signal(signal.SIGCONT)
        self.source.query("INSERT INTO shop.t VALUES (9, 9)")
        self.await_true("the row", lambda: self.target.query("SELECT id FROM shop.t WHERE id=9"))
        self.assertEqual(self.json("status")["phase"], "following")

    # ---- ending a task -----------------------------------------------------------------------------------------

    def test_abort_ends_a_running_follow_and_the_task(self):
        self.run_it("snapshot")
        process = self.follow()
        self.run_it("abort")
        process.communicate(timeout=120)
        self.assertEqual(process.returncode, 6)
        self.assertEqual(self.json("status")["phase"], "aborted")
        self.assertIn("aborted", self.run_it("follow", code=3))

    def test_abort_of_an_idle_task_and_reset(self):
        self.target.query("CREATE DATABASE shop")
        self.target.query("CREATE TABLE shop.mine (a INT)")
        self.run_it("snapshot")
        self.run_it("abort")
        self.assertEqual(self.json("status")["phase"], "aborted")
        self.run_it("reset")
        self.assertEqual(self.target.query("SHOW TABLES IN shop"), (("mine",),))
        self.assertEqual(self.target.query("SHOW DATABASES LIKE 'binstream'"), ())
        self.run_it("snapshot")

    def test_reset_refuses_while_a_binstream_runs(self):
        self.run_it("snapshot")
        self.follow()
        self.assertIn("at work", self.run_it("reset", code=1))
        self.assertEqual(self.target.query("SELECT COUNT(*) FROM shop.t"), ((2,),))

    def test_reset_drops_databases_that_it_made_itself(self):
        self.run_it("snapshot")
        self.run_it("reset")
        self.assertEqual(self.target.query("SHOW DATABASES LIKE 'shop'"), ())

    # ---- options -----------------------------------------------------------------------------------------------

    def test_the_selection_is_remembered_and_another_one_refused(self):
        self.source.query("CREATE TABLE shop.left_out (id INT PRIMARY KEY)")
        self.run_it("snapshot", "--tables", "shop.t")
        self.assertEqual(self.target.query("SHOW TABLES IN shop"), (("t",),))
        self.source.query("INSERT INTO shop.left_out VALUES (1)")
        self.source.query("INSERT INTO shop.t VALUES (7, 7)")
        self.run_it("follow", "--until-caught-up")
        self.assertEqual(self.target.query("SELECT COUNT(*) FROM shop.t"), ((3,),))
        self.run_it("follow", "--until-caught-up", "--tables", "shop.t")
        self.assertIn("shop.left_out", self.run_it("follow", "--tables", "shop.left_out", code=2))

    def test_tasks_and_state_schemas_have_names(self):
        self.run_it("snapshot", "--task", "one", "--state-schema", "state")
        self.assertEqual(self.target.query("SELECT task FROM state.task"), ((b"one",),))
        self.run_it("status", code=3)
        self.assertIn("one", self.run_it("status", "--task=one", "--state-schema=state"))
        self.run_it("reset", "--task=one", "--state-schema=state")

    def test_status_watches_until_the_end(self):
        self.run_it("snapshot")
        process = self.start("status", "--watch", "--json")
        first = json.loads(process.stdout.readline())
        self.assertEqual(first["phase"], "copied")
        self.run_it("abort")
        rest = [json.loads(line) for line in process.stdout]
        self.assertEqual(rest[-1]["phase"], "aborted")
        self.assertEqual(process.wait(10), 0)

    # ---- passwords ---------------------------------------------------------------------------------------------

    def guarded(self):
        self.source.query("CREATE USER guarded@'%%' IDENTIFIED BY '%s'" % SECRET)
        self.source.query("GRANT ALL ON *.* TO guarded@'%'")
        self.addCleanup(self.source.query, "DROP USER guarded@'%'")

    def test_a_password_shows_nowhere(self):
        self.guarded()
        uri = self.source.uri("guarded", SECRET)
        self.run_it("snapshot", source=uri)
        process = self.start("follow", "--log-level=debug", source=uri)
        self.await_following("stopped")
        with open("/proc/%d/cmdline" % process.pid) as handle:
            shown = handle.read()
        self.assertIn("mysql://guarded:", shown)
        self.assertNotIn(SECRET, shown)
        process.terminate()
        out, err = process.communicate(timeout=120)
        self.assertNotIn(SECRET, out + err)
        for wrong in (uri.replace("mysql:", "mysq:"), uri + "?x=1", uri.replace("@", "@@"), uri.replace("@127", "#@127")):
            self.assertNotIn(SECRET, self.run_it("check", source=wrong, code=2))

    def test_a_password_may_come_from_the_environment_or_a_file(self):
        self.guarded()
        uri = self.source.uri("guarded")
        self.assertIn("guarded", self.run_it("check", source=uri, code=1))
        self.run_it("check", source=uri, env={"BINSTREAM_SOURCE_PASSWORD": SECRET})
        self.run_it("check", source=False, env={"BINSTREAM_SOURCE": uri, "BINSTREAM_SOURCE_PASSWORD": SECRET})
        path = os.path.join(self.source.dir, "secret")
        with open(path, "w") as handle:
            handle.write(SECRET + "\n")
        self.run_it("check", source=uri + "?password-file=" + path)
        with open(path, "w") as handle:
            handle.write("[binstream-source]\nuser=guarded\npassword=%s\nhost=127.0.0.1\nport=%d\n" % (SECRET, self.source.port))
        self.run_it("check", "--defaults-file", path, source=False)


if __name__ == "__main__":
    require(NAME)
    unittest.main(verbosity=2)
