import DistillCore
import Foundation
import Testing

/// What the command writes over, and what it leaves alone.
@Suite(.serialized) struct OutputTests {
  private func bench() throws -> Workbench {
    let bench = try Workbench()
    try bench.write("where is my parcel\nmoney back\n", to: "texts.txt")
    return bench
  }

  private func link(_ name: String, to path: String, in bench: Workbench) throws {
    try FileManager.default.createSymbolicLink(atPath: bench.path(name), withDestinationPath: path)
  }

  @Test func aLinkIsFollowed() throws {
    let bench = try bench()
    for (name, path) in [("a", "b"), ("b", "deep/c"), ("start", "deep/start.yaml")] {
      try link(name, to: path, in: bench)
    }
    try FileSystem.makeFolder(bench.url.appending(path: "deep"))
    let commands = [["embed", "teacher", "texts.txt", "--output", "a"], ["init", "mrpc", "--output", "start"]]
    for command in commands { #expect(try bench.distill(command).status == 0) }
    #expect(try SafetensorsReader(bench.url.appending(path: "deep/c")).tensors["embedding"]?.shape == [2, 16])
    #expect(try bench.distill("show", "deep/start.yaml").status == 0)
    for (name, path) in [("a", "b"), ("b", "deep/c"), ("start", "deep/start.yaml")] {
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: bench.path(name)) == path)
    }
    // What is there is overwritten by what calculates, and by nothing else.
    #expect(try commands.map { try bench.distill($0).status } == [0, 2])
    #expect(try FileSystem.names(in: bench.url.appending(path: "deep")) == ["c", "start.yaml"])
  }

  @Test func whatIsNoPlainFileIsLeftAlone() throws {
    let bench = try bench()
    try link("circle", to: "circle", in: bench)
    #expect(mkfifo(bench.path("pipe"), 0o600) == 0)
    let before = try FileSystem.names(in: bench.url)
    let long = String(repeating: "n", count: 300)
    for (path, saying) in [
      ("pipe", "a named pipe"), ("/dev/null", "a device"), ("teacher", "a folder"), ("circle", "symbolic links"),
      ("nowhere/x", "No such file"), ("train.tsv/x", "Not a directory"), (long, "File name too long"),
      ("/proc/x", "No such file"),
    ] {
      let embedded = try bench.distill("embed", "teacher", "texts.txt", "--output", path)
      #expect(embedded.status == 1 && embedded.errors.contains(saying), "\(path): \(embedded.errors)")
      let started = try bench.distill("init", "--output", path)
      #expect([1, 2].contains(started.status), "\(path): \(started.errors)")
      for errors in [embedded.errors, started.errors] {
        #expect(errors.contains(path) && !errors.contains("Domain"), "\(errors)")
      }
    }
    #expect(try FileSystem.names(in: bench.url) == before)
    #expect(try bench.shell("test -p pipe && test -c /dev/null && test -L circle").status == 0)
  }

  @Test func theVersionIsTold() throws {
    let outcome = try Workbench().distill("--version")
    #expect(outcome.status == 0 && outcome.output == "\(SwiftDistill.version)\n")
  }

  @Test func onlyPipelineFilesAreExtended() throws {
    let bench = try Workbench()
    try bench.write("key: [secret\n", to: "passwords")
    for file in ["passwords", "/etc/passwd", "texts.yaml.bak"] {
      try bench.write("key: [secret\n", to: "texts.yaml.bak")
      try bench.write("name: x\nextends: \(file)\n", to: "two.yaml")
      let outcome = try bench.distill("validate", "two.yaml")
      #expect(outcome.status == 2 && outcome.errors.contains("two.yaml:2:10: error:"), "\(outcome.errors)")
      #expect(outcome.errors.contains("cannot be extended") && !outcome.errors.contains("secret"))
      #expect(!outcome.errors.contains("root"))
    }
    try bench.write(Workbench.pipeline, to: "base.YML")
    try bench.write("extends: base.YML\n", to: "two.yaml")
    #expect(try bench.distill("validate", "two.yaml").status == 0)
  }
}
