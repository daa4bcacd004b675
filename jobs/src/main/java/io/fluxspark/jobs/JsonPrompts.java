package io.fluxspark.jobs;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.Writer;
import java.util.List;
import java.util.Map;

/** A prompt table as a JSON object a line; values that are left out are not in it. */
final class JsonPrompts implements PromptTableWriter {
  private final List<String> columns;
  private final Writer target;
  private final JsonGenerator json;

  JsonPrompts(Writer target, List<String> columns) throws IOException {
    this.columns = columns;
    this.target = target;
    json = new JsonMapper().createGenerator(target);
    json.setPrettyPrinter(new MinimalPrettyPrinter("\n"));
  }

  @Override
  public void write(Map<String, Object> row) throws IOException {
    json.writeStartObject();
    for (String column : columns) {
      if (row.containsKey(column)) {
        json.writePOJOField(column, row.get(column));
      }
    }
    json.writeEndObject();
  }

  /** Ends the last line. */
  @Override
  public void close() throws IOException {
    json.flush();
    target.write('\n');
    json.close();
  }
}
