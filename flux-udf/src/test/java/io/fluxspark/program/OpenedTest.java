package io.fluxspark.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OpenedTest {
  @Test
  void closesTheLastFirstAndEachOnceAlsoWhereOneFails() {
    List<String> closed = new ArrayList<>();
    Opened opened = new Opened();
    opened.add(() -> closed.add("first"));
    opened.add(
        () -> {
          throw new UnsupportedOperationException("broken");
        });
    opened.add(() -> closed.add("last"));

    assertThatIllegalStateException().isThrownBy(opened::close).withMessage("closing: broken");
    opened.close();

    assertThat(closed).containsExactly("last", "first");
  }
}
