# What describes all results together: results that exist when it is asked for.


rule document_results:
    """Provenance, methods text, research object and checksums of all results that exist."""
    input:
        unpack(inputs("document_results")),
    output:
        main=FLOW["document_results"].output,
        methods=FLOW["document_results"].extra_outputs["methods"],
        crate=FLOW["document_results"].extra_outputs["crate"],
        sums=FLOW["document_results"].extra_outputs["sums"],
    log:
        log_of(FLOW["document_results"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        spec=spec("document_results"),
        command=command("document_results"),
    shell:
        run("document_results")
