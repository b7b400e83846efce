import DistillCLI

DistillCommand.main(plugins: CompiledPlugins.all, starter: starterPipeline)
