package io.fluxspark.jobs;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.util.Utils;
import scala.Tuple2;
import scala.jdk.javaapi.CollectionConverters;

/** Keeps credentials out of reports and messages. */
final class Secrets {
  /** A user; or a user and a password, which may have a slash in it, and which is no port. */
  private static final Pattern USER_INFO =
      Pattern.compile("(?<=://)([^/@\\s]+|[^/@:\\s]+:(?!\\d+/)[^@\\s]+)(?=@)");

  private Secrets() {}

  /** A text with addresses, without the user and password that may stand in them. */
  static String redacted(String text) {
    return USER_INFO.matcher(text).replaceAll("*****");
  }

  /** Spark's settings as Spark itself shows them, without secrets, by key. */
  static Map<String, String> settings(SparkConf conf) {
    Map<String, String> settings = new TreeMap<>();
    for (Tuple2<String, String> setting :
        CollectionConverters.asJava(
            Utils.redact(conf, CollectionConverters.asScala(Arrays.asList(conf.getAll()))))) {
      settings.put(setting._1(), redacted(setting._2()));
    }
    return settings;
  }
}
