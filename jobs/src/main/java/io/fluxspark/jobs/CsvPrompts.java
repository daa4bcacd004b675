package io.fluxspark.jobs;

import com.univocity.parsers.common.TextWritingException;
import com.univocity.parsers.csv.CsvWriter;
import com.univocity.parsers.csv.CsvWriterSettings;
import io.fluxspark.request.RequestColumns;
import java.io.IOException;
import java.io.Writer;
import java.util.List;
import java.util.Map;

/**
 * A prompt table as RFC 4180 has it: a header, quotes doubled inside quotes. A value that is left
 * out is empty, an empty text is in quotes.
 */
final class CsvPrompts implements PromptTableWriter {
  private final List<String> columns;
  private final CsvWriter csv;

  CsvPrompts(Writer target, List<String> columns) {
    this.columns = columns;
    CsvWriterSettings settings = new CsvWriterSettings();
    settings.getFormat().setLineSeparator("\n");
    settings.getFormat().setQuoteEscape('"');
    settings.setQuotationTriggers('"', ',', '\n', '\r');
    settings.setNormalizeLineEndingsWithinQuotes(false);
    settings.setIgnoreLeadingWhitespaces(false);
    settings.setIgnoreTrailingWhitespaces(false);
    settings.setEmptyValue("\"\"");
    settings.setNullValue("");
    settings.setSkipEmptyLines(false);
    settings.setMaxCharsPerColumn(-1);
    csv = new CsvWriter(target, settings);
    csv.writeHeaders(columns);
  }

  @Override
  public void write(Map<String, Object> row) throws IOException {
    if (row.get(RequestColumns.PROMPT).equals("")) {
      throw new IOException(
          "row "
              + row.get(RequestColumns.ID)
              + ": csv cannot tell an empty prompt from none; .jsonl or .parquet is needed");
    }
    writing(() -> csv.writeRow(columns.stream().map(row::get).toArray()));
  }

  @Override
  public void close() throws IOException {
    writing(csv::close);
  }

  private static void writing(Runnable work) throws IOException {
    try {
      work.run();
    } catch (TextWritingException e) {
      throw e.getCause() instanceof IOException cause ? cause : new IOException(e);
    }
  }
}
