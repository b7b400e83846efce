// classify RUN < texts: label, score and nearest training example, for each line of text.
import DistillCore
import DistillPipeline
import Foundation

guard CommandLine.arguments.count == 2 else {
  FileHandle.standardError.write(Data("usage: classify RUN < texts\n".utf8))
  exit(2)
}
do {
  let registry = try PluginRegistry(CompiledPlugins.all, kinds: PluginKind.pipeline)
  let run = try FinishedRun(URL(filePath: CommandLine.arguments[1]), registry: registry)
  var number = 0
  while let line = readLine() {
    number += 1
    let answers = try run.predict([Example(text: line, line: number)])
    for answer in answers {
      let label = answer.label ?? "score"
      let nearest = answer.neighbours?.first.map { "like: \($0.text ?? "entry \($0.id)")" } ?? "no knowledge base"
      print("\(label)\t\(answer.scores[label] ?? .nan)\t\(nearest)")
    }
  }
} catch {
  FileHandle.standardError.write(Data("error: \(error)\n".utf8))
  exit(1)
}
