package io.fluxspark.tiny;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.Callable;

/** What a program answered. */
record Ran(int code, String out, String err) {
  static Ran of(Callable<Integer> program, String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = Tool.run(program, new PrintWriter(out), new PrintWriter(err), arguments);
    return new Ran(code, out.toString().strip(), err.toString().strip());
  }
}
