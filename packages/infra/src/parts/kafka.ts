import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Part } from '../install/part.js';
import { java, maven } from '../install/tool.js';

const kafkaVersion = '4.1.2';

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>darkroom</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${kafkaVersion}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`;

/** Apache Kafka as jars from Maven Central. */
export const kafkaPart: Part = {
  name: 'kafka',
  version: kafkaVersion,
  what: 'a broker, 46 jars from Maven Central, about 10 s',
  needs: [java, maven],
  instead: 'KAFKA_BROKERS',
  async install(folder, run) {
    const pomFile = join(folder, 'pom.xml');
    await writeFile(pomFile, pom);
    await run('mvn', [
      '--quiet',
      '--batch-mode',
      '--file',
      pomFile,
      'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${join(folder, 'libs')}`,
    ]);
  },
};
