package io.fluxspark.image;

import java.io.IOException;

/** The file may be whole, but is of a kind that is not read. */
final class UnreadKindException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * @param format as it is called
   * @param what makes it special
   */
  UnreadKindException(String format, String what) {
    super("is " + format + " of a kind that is not read: " + what);
  }
}
