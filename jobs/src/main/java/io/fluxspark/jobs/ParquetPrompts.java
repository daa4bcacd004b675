package io.fluxspark.jobs;

import io.fluxspark.request.PromptColumns;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;

/** A prompt table as one Parquet file, written without Spark. */
final class ParquetPrompts implements PromptTableWriter {
  private final MessageType schema;
  private final ParquetWriter<Group> writer;

  ParquetPrompts(Path file, List<String> columns) throws IOException {
    Types.MessageTypeBuilder fields = Types.buildMessage();
    for (String column : columns) {
      switch (PromptColumns.type(column)) {
        case WHOLE_NUMBER -> fields.optional(PrimitiveTypeName.INT64).named(column);
        case NUMBER -> fields.optional(PrimitiveTypeName.DOUBLE).named(column);
        case TEXT ->
            fields
                .optional(PrimitiveTypeName.BINARY)
                .as(LogicalTypeAnnotation.stringType())
                .named(column);
      }
    }
    schema = fields.named("prompts");
    writer =
        ExampleParquetWriter.builder(new LocalOutputFile(file))
            .withConf(new PlainParquetConfiguration())
            .withType(schema)
            .withCompressionCodec(CompressionCodecName.SNAPPY)
            .build();
  }

  @Override
  public void write(Map<String, Object> row) throws IOException {
    Group group = new SimpleGroup(schema);
    row.forEach(
        (column, value) -> {
          if (value instanceof Long whole) {
            group.add(column, whole);
          } else if (value instanceof Double number) {
            group.add(column, number);
          } else {
            group.add(column, (String) value);
          }
        });
    writer.write(group);
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }
}
