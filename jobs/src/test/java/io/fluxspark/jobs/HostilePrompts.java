package io.fluxspark.jobs;

import java.util.List;

/** Prompts that would like to be more than text. */
final class HostilePrompts {
  static final List<String> ALL =
      List.of(
          "<script>document.title='x'</script>",
          "</p></div></details></main></body></html><script>document.title='x'</script>",
          "<img src=x onerror=\"document.title='x'\">",
          "\" onload=\"document.title='x'\" x=\"",
          "' onmouseover='document.title=1",
          "<style>body{display:none}</style><link rel=stylesheet href=//example.invalid/x.css>",
          "{{ 7 * 7 }} {% include '/etc/passwd' %} {# gone #}",
          "</title></style></textarea>--><!-- <svg onload=document.title='x'>",
          "<iframe src=\"javascript:parent.document.title='x'\"></iframe>",
          "<meta http-equiv=refresh content='0;url=http://example.invalid/'>",
          "&lt;b&gt; &amp; &#x3c; &nbsp",
          "right to left \u202e txt.exe \u2067 and \u2069\u2069 never back",
          "combining Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035a",
          "two\nlines\tand tabs",
          "🥐 👩‍👩‍👧 קפה مقهى",
          "");

  private HostilePrompts() {}
}
